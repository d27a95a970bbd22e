#include "backends/cuda/commands/captured_graph.h"

#include <algorithm>

namespace tenfold::cuda {
namespace {

constexpr unsigned kThreads = 256;

// A memory set's value over and over in four bytes.
uint32_t repeated(uint32_t value, unsigned element_size) {
  if (element_size == 1) return (value & 0xFF) * 0x01010101u;
  if (element_size == 2) return (value & 0xFFFF) * 0x00010001u;
  return value;
}

}  // namespace

std::vector<CUgraphNode> nodes_of(const DriverApi& api, CUgraph graph) {
  size_t count = 0;
  if (api.graph_nodes(graph, nullptr, &count) != kSuccess) return {};
  std::vector<CUgraphNode> nodes(count);
  if (count > 0 && api.graph_nodes(graph, nodes.data(), &count) != kSuccess) return {};
  return nodes;
}

TextRequest FillNodes::text() { return {"tenfold_fill", "#include \"commands/fill.cu\"\n", {}}; }

const LoadedKernel* FillNodes::kernel(CudaDevice& device) {
  if (kernel_ || !refusal_.empty()) return kernel_.get();
  try {
    kernel_ = device.load_kernel(compile_text(text(), arch_of(device.target())), 0);
  } catch (const Error& error) {
    refusal_ = error.what();
  }
  return kernel_.get();
}

Status FillNodes::replace_node(CudaDevice& device, CUgraph graph, CUgraphNode node) {
  const DriverApi& api = device.api();
  MemsetNodeParams set{};
  CUresult result = api.graph_get_memset(node, &set);
  if (result != kSuccess) return status(result, "cuGraphMemsetNodeGetParams");
  if (set.height != 1) return {};
  const LoadedKernel* fill = kernel(device);
  if (!fill) return {};

  size_t before = 0, after = 0;
  result = api.graph_node_dependencies(node, nullptr, nullptr, &before);
  if (result == kSuccess) result = api.graph_node_dependents(node, nullptr, nullptr, &after);
  if (result != kSuccess) return status(result, "cuGraphNodeGetDependencies");
  std::vector<CUgraphNode> from(before), to(after);
  std::vector<GraphEdgeData> from_edges(before), to_edges(after);
  if (before > 0)
    result = api.graph_node_dependencies(node, from.data(), from_edges.data(), &before);
  if (result == kSuccess && after > 0)
    result = api.graph_node_dependents(node, to.data(), to_edges.data(), &after);
  if (result != kSuccess) return status(result, "cuGraphNodeGetDependencies");

  CUdeviceptr dst = set.dst;
  uint32_t word = repeated(set.value, set.element_size);
  uint64_t bytes = static_cast<uint64_t>(set.width) * set.element_size;
  void* args[] = {&dst, &word, &bytes};
  const auto most = static_cast<uint64_t>(4 * device.target().i("sm_count", 100));
  KernelNodeParams launch{};
  launch.function = static_cast<CUfunction>(fill->function);
  launch.grid_x = static_cast<unsigned>(
      std::clamp<uint64_t>(bytes / (16 * kThreads) + 1, 1, std::max<uint64_t>(most, 1)));
  launch.grid_y = launch.grid_z = 1;
  launch.block_x = kThreads;
  launch.block_y = launch.block_z = 1;
  launch.params = args;
  CUgraphNode made = nullptr;
  result = api.graph_add_kernel(&made, graph, nullptr, 0, &launch);
  if (result != kSuccess) return status(result, "cuGraphAddKernelNode");
  for (size_t k = 0; k < before && result == kSuccess; ++k)
    result = api.graph_add_dependencies(graph, &from[k], &made, &from_edges[k], 1);
  for (size_t k = 0; k < after && result == kSuccess; ++k)
    result = api.graph_add_dependencies(graph, &made, &to[k], &to_edges[k], 1);
  if (result != kSuccess) return status(result, "cuGraphAddDependencies");
  return status(api.graph_destroy_node(node), "cuGraphDestroyNode");
}

Status FillNodes::replace(CudaDevice& device, CUgraph graph) noexcept {
  try {
    for (const CUgraphNode node : nodes_of(device.api(), graph)) {
      int type = kNodeKernel;
      if (device.api().graph_node_type(node, &type) != kSuccess || type != kNodeMemset) continue;
      if (const Status s = replace_node(device, graph, node); !s.ok()) return s;
    }
  } catch (...) {
    return {Code::kResource, "out of memory while replacing memory sets"};
  }
  return {};
}

}  // namespace tenfold::cuda
