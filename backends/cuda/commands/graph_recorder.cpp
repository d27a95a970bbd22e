#include <chrono>
#include <cstdlib>
#include <thread>

#include "backends/cuda/commands/captured_graph.h"
#include "backends/cuda/commands/issue.h"
#include "backends/cuda/commands/recorder_base.h"
#include "backends/cuda/commands/recorders.h"

namespace tenfold::cuda {
namespace {

// Counts that text() reports.
struct Counts {
  int kernels = 0, copies = 0, fills = 0, children = 0;
  int programmatic = 0, full = 0;
  int forks = 0, joins = 0;  // nodes that several wait for, that wait for several
  int in_children = 0, no_kernels_in_children = 0;  // nodes; those that are no kernels
  int64_t patched = 0, recaptured = 0, instantiated = 0, eager = 0;
};

KernelNodeParams kernel_params(CommandList& list, const Command& c) noexcept {
  KernelNodeParams p{};
  p.function = static_cast<CUfunction>(c.function);
  set_shape(p, c);
  p.params = list.params(c);
  return p;
}

Memcpy3D copy_params(const CommandList& list, const Command& c) noexcept {
  Memcpy3D p{};
  p.dst_type = p.src_type = kMemoryUnified;
  p.dst_device = reinterpret_cast<CUdeviceptr>(list.address(c, 0));
  p.src_device = reinterpret_cast<CUdeviceptr>(list.address(c, 1));
  p.width_bytes = static_cast<size_t>(c.bytes);
  p.height = p.depth = 1;
  return p;
}

MemsetNodeParams fill_params(const CommandList& list, const Command& c) noexcept {
  MemsetNodeParams p{};
  p.dst = reinterpret_cast<CUdeviceptr>(list.address(c, 0));
  p.value = c.value;
  p.element_size = 1;
  p.width = static_cast<size_t>(c.bytes);
  p.height = 1;
  return p;
}

// TENFOLD_CUDA_GRAPH=chain: steps in their order, whatever could run beside each other; =off: no
// graph and no capture.
bool wished(std::string_view word) {
  const char* given = std::getenv("TENFOLD_CUDA_GRAPH");
  return given && given == word;
}

class GraphRecorder final : public RecorderBase {
 public:
  explicit GraphRecorder(std::shared_ptr<CudaDevice> device)
      : RecorderBase(std::move(device)), api_(device_->api()) {}
  ~GraphRecorder() override {
    device_->make_current();
    drop_graph();
    if (stream_) api_.stream_destroy(stream_);
  }

  void begin(uint32_t slots) noexcept override {
    device_->make_current();
    drop_graph();
    counts_ = {};
    eager_reason_ = nullptr;
    RecorderBase::begin(slots);
  }

  Status finish(std::span<void* const> addresses) noexcept override {
    if (!failure_.ok()) return failure_;
    device_->make_current();
    if (const Status s = resolve(addresses); !s.ok()) return s;
    if (wished("off"))
      eager_reason_ = "TENFOLD_CUDA_GRAPH=off: every launch issues the commands one by one";
    for (const Command& c : list_.commands())
      if (!c.capturable && c.kind == Command::Kind::kForeign)
        eager_reason_ = "a step cannot be captured, so every launch issues the commands one by one";
    guard([&] {
      ours_.clear();
      for (const Command& c : list_.commands()) ours_.push_back(keeps_contract(*device_, c));
      warm_.assign(list_.commands().size(), 0);
    });
    if (!failure_.ok()) return failure_;
    return ensure_graph();
  }

  Status rebind(std::span<void* const> addresses) noexcept override {
    device_->make_current();
    if (const Status s = resolve(addresses); !s.ok()) return s;
    if (eager_reason_) return {};
    if (!exec_) return ensure_graph();
    for (size_t k = 0; k < list_.commands().size(); ++k) {
      const Command& c = list_.commands()[k];
      if (!list_.changed(c)) continue;
      const CUresult result = patch(c, k);
      if (result == kSuccess) continue;
      drop_graph();  // the driver refused the change in place
      return ensure_graph();
    }
    return {};
  }

  Status launch(NativeStream& native, const std::atomic<bool>* cancel) noexcept override {
    if (cancel && cancel->load(std::memory_order_relaxed)) return {Code::kCancelled, "cancelled"};
    const auto stream = static_cast<CUstream>(native.native());
    device_->make_current();
    int capturing = kCaptureNone;
    if (!eager_reason_) api_.stream_is_capturing(stream, &capturing);
    if (!complete_) return {Code::kInvalid, "an address was never set"};
    if (eager_reason_ || capturing != kCaptureNone) return launch_eagerly(stream, cancel);
    if (!exec_) return {Code::kInternal, "the graph was not built"};
    return status(api_.graph_launch(exec_, stream), "cuGraphLaunch");
  }

  std::string text() const override {
    if (eager_reason_) return std::string("eager: ") + eager_reason_ + "\n";
    const auto n = [](int64_t value) { return std::to_string(value); };
    return "graph: kernels=" + n(counts_.kernels) + " copies=" + n(counts_.copies) +
           " fills=" + n(counts_.fills) + " children=" + n(counts_.children) +
           " (nodes=" + n(counts_.in_children) +
           " no_kernels=" + n(counts_.no_kernels_in_children) +
           ") edges: programmatic=" + n(counts_.programmatic) + " full=" + n(counts_.full) +
           " forks=" + n(counts_.forks) + " joins=" + n(counts_.joins) +
           " patched=" + n(counts_.patched) + " recaptured=" + n(counts_.recaptured) +
           " instantiated=" + n(counts_.instantiated) + " eager_launches=" + n(counts_.eager) +
           "\n" + (fills_.refusal().empty() ? "" : "memory sets stay: " + fills_.refusal() + "\n");
  }

 private:
  Status resolve(std::span<void* const> addresses) noexcept {
    if (const Status s = list_.resolve(addresses); !s.ok()) return s;
    complete_ = true;
    for (const Command& c : list_.commands()) complete_ = complete_ && list_.complete(c);
    return {};
  }

  // Builds and instantiates once every address that a foreign step reads is known; without one,
  // waits for the rebind that brings it.
  Status ensure_graph() noexcept {
    if (eager_reason_ || exec_) return {};
    for (const Command& c : list_.commands())
      if (c.kind != Command::Kind::kKernel && !list_.complete(c)) return {};
    Status result;
    uncapturable_ = false;
    try {
      const std::lock_guard alone(library_mutex());
      result = build();
    } catch (...) {
      result = {Code::kResource, "out of memory while building the graph"};
    }
    if (result.ok()) return {};
    drop_graph();
    if (!uncapturable_) return result;
    eager_reason_ =
        "a library's step could not be captured, so every launch issues the commands "
        "one by one";
    guard([&] {
      log(Severity::kWarning, std::string("cuda: ") + eager_reason_ + " (" + result.what() + " " +
                                  std::to_string(result.detail()) + ")");
    });
    return {};
  }

  Status build() {
    const Counts before = counts_;
    counts_ = {};
    counts_.patched = before.patched;
    counts_.recaptured = before.recaptured;
    counts_.instantiated = before.instantiated;
    counts_.eager = before.eager;
    CUresult result = api_.graph_create(&graph_, 0);
    if (result != kSuccess) return status(result, "cuGraphCreate");
    nodes_.assign(list_.commands().size(), nullptr);
    const auto deps = wished("chain") ? chain_deps(list_) : reduced_deps(list_);
    std::vector<int> successors(deps.size(), 0);
    for (const auto& list : deps) {
      counts_.joins += list.size() > 1;
      for (const uint32_t d : list) counts_.forks += ++successors[d] == 2;
    }
    for (uint32_t s = 0; s < list_.steps().size(); ++s) {
      const CommandStep& step = list_.steps()[s];
      for (uint32_t k = step.first; k < step.first + step.count; ++k) {
        if (const Status st = add_node(k); !st.ok()) return st;
        if (k > step.first) {
          if (const Status st = connect(k - 1, k); !st.ok()) return st;
          continue;
        }
        for (const uint32_t d : deps[s]) {
          const CommandStep& before = list_.steps()[d];
          if (const Status st = connect(before.first + before.count - 1, k); !st.ok()) return st;
        }
      }
    }
    GraphInstantiateParams params{};
    result = api_.graph_instantiate(&exec_, graph_, &params);
    if (result != kSuccess) return status(result, "cuGraphInstantiateWithParams");
    ++counts_.instantiated;
    if (const Status st = private_stream(); !st.ok()) return st;
    return status(api_.graph_upload(exec_, stream_), "cuGraphUpload");
  }

  Status add_node(uint32_t k) {
    const Command& c = list_.commands()[k];
    switch (c.kind) {
      case Command::Kind::kKernel: {
        const KernelNodeParams p = kernel_params(list_, c);
        ++counts_.kernels;
        return status(api_.graph_add_kernel(&nodes_[k], graph_, nullptr, 0, &p),
                      "cuGraphAddKernelNode");
      }
      case Command::Kind::kCopy: {
        const Memcpy3D p = copy_params(list_, c);
        ++counts_.copies;
        return status(api_.graph_add_memcpy(&nodes_[k], graph_, nullptr, 0, &p, device_->context()),
                      "cuGraphAddMemcpyNode");
      }
      case Command::Kind::kFill: {
        const MemsetNodeParams p = fill_params(list_, c);
        ++counts_.fills;
        return status(api_.graph_add_memset(&nodes_[k], graph_, nullptr, 0, &p, device_->context()),
                      "cuGraphAddMemsetNode");
      }
      case Command::Kind::kHost:
      case Command::Kind::kForeign: break;
    }
    // Once: a graph that is built again may be so while an earlier launch still runs.
    if (c.kind == Command::Kind::kForeign && !warm_[k]) {
      if (const Status st = warm_run(c); !st.ok()) return st;
      warm_[k] = 1;
    }
    CUgraph child = nullptr;
    if (const Status st = capture(c, &child); !st.ok()) return st;
    ++counts_.children;
    count_nodes(child);
    const CUresult result = api_.graph_add_child(&nodes_[k], graph_, nullptr, 0, child);
    api_.graph_destroy(child);  // the node holds a copy
    return status(result, "cuGraphAddChildGraphNode");
  }

  void count_nodes(CUgraph child) {
    for (const CUgraphNode node : nodes_of(api_, child)) {
      int type = 0;
      ++counts_.in_children;
      counts_.no_kernels_in_children +=
          api_.graph_node_type(node, &type) == kSuccess && type != kNodeKernel;
    }
  }

  Status connect(uint32_t from, uint32_t to) noexcept {
    const bool programmatic = ours_[from] && ours_[to];
    GraphEdgeData edge{};
    if (programmatic) {
      edge.type = kEdgeProgrammatic;
      edge.from_port = kPortProgrammatic;
    }
    ++(programmatic ? counts_.programmatic : counts_.full);
    return status(api_.graph_add_dependencies(graph_, &nodes_[from], &nodes_[to], &edge, 1),
                  "cuGraphAddDependencies");
  }

  Status private_stream() noexcept {
    if (stream_) return {};
    return status(api_.stream_create(&stream_, kStreamNonBlocking), "cuStreamCreate");
  }

  // Libraries load code and choose at the first call, which capture does not allow.
  Status warm_run(const Command& c) noexcept {
    if (const Status st = private_stream(); !st.ok()) return st;
    if (const Status st = issue(*device_, list_, c, stream_, false); !st.ok()) return st;
    return status(api_.stream_synchronize(stream_), "first run of a library's step");
  }

  // Another thread's use of the device ends a capture (CUDA_ERROR_STREAM_CAPTURE_INVALIDATED), the
  // program's own among them: it is tried again.
  Status capture(const Command& c, CUgraph* child) noexcept {
    if (const Status st = private_stream(); !st.ok()) return st;
    Status result;
    for (int attempt = 0; attempt < kCaptureAttempts; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1 << attempt));
      result = capture_once(c, child);
      if (result.ok()) return result;
    }
    uncapturable_ = true;
    return result;
  }

  Status capture_once(const Command& c, CUgraph* child) noexcept {
    *child = nullptr;
    CUresult result = api_.stream_begin_capture(stream_, kCaptureRelaxed);
    if (result != kSuccess) return status(result, "cuStreamBeginCapture");
    const Status issued = issue(*device_, list_, c, stream_, false);
    result = api_.stream_end_capture(stream_, child);
    if (!issued.ok()) {
      if (result == kSuccess && *child) api_.graph_destroy(*child);
      return issued;
    }
    if (result != kSuccess) return status(result, "cuStreamEndCapture");
    const Status replaced = fills_.replace(*device_, *child);
    if (!replaced.ok()) api_.graph_destroy(*child);
    return replaced;
  }

  CUresult patch(const Command& c, size_t k) noexcept {
    switch (c.kind) {
      case Command::Kind::kKernel: {
        const KernelNodeParams p = kernel_params(list_, c);
        ++counts_.patched;
        return api_.graph_set_kernel(exec_, nodes_[k], &p);
      }
      case Command::Kind::kCopy: {
        const Memcpy3D p = copy_params(list_, c);
        ++counts_.patched;
        return api_.graph_set_memcpy(exec_, nodes_[k], &p, device_->context());
      }
      case Command::Kind::kFill: {
        const MemsetNodeParams p = fill_params(list_, c);
        ++counts_.patched;
        return api_.graph_set_memset(exec_, nodes_[k], &p, device_->context());
      }
      case Command::Kind::kHost: return kSuccess;  // its storage holds the new addresses already
      case Command::Kind::kForeign: break;
    }
    CUgraph child = nullptr;
    {
      const std::lock_guard alone(library_mutex());
      if (!capture(c, &child).ok()) return -1;
    }
    ++counts_.recaptured;
    const CUresult result = api_.graph_set_child(exec_, nodes_[k], child);
    api_.graph_destroy(child);
    return result;
  }

  Status launch_eagerly(CUstream stream, const std::atomic<bool>* cancel) noexcept {
    ++counts_.eager;
    uint32_t step = UINT32_MAX;
    for (size_t k = 0; k < list_.commands().size(); ++k) {
      const Command& c = list_.commands()[k];
      if (c.step != step && cancel && cancel->load(std::memory_order_relaxed))
        return {Code::kCancelled, "cancelled"};
      step = c.step;
      const bool overlap = k > 0 && ours_[k - 1] && ours_[k];
      if (const Status st = issue(*device_, list_, c, stream, overlap); !st.ok()) return st;
    }
    return {};
  }

  void drop_graph() noexcept {
    if (exec_) api_.graph_exec_destroy(exec_);
    if (graph_) api_.graph_destroy(graph_);
    exec_ = nullptr;
    graph_ = nullptr;
  }

  const DriverApi& api_;
  CUgraph graph_ = nullptr;
  CUgraphExec exec_ = nullptr;
  CUstream stream_ = nullptr;
  std::vector<CUgraphNode> nodes_;  // of each command
  std::vector<uint8_t> ours_, warm_;  // of each command: keeps our contract, has run once
  FillNodes fills_;
  const char* eager_reason_ = nullptr;
  static constexpr int kCaptureAttempts = 6;
  bool uncapturable_ = false;  // the last build failed in capture
  bool complete_ = false;  // every address is set
  Counts counts_;
};

}  // namespace

std::unique_ptr<Recorder> make_graph_recorder(std::shared_ptr<CudaDevice> device) {
  return std::make_unique<GraphRecorder>(std::move(device));
}

}  // namespace tenfold::cuda
