// Making an Engine: rows, their states, and the constants they read.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/runtime/engine_impl.h"
#include "src/runtime/evaluate.h"

namespace tenfold {

namespace {

constexpr int64_t kConstantAlignment = 256;
constexpr size_t kMaxPrepareThreads = 8;

// Empty when the row can run the step here, else the reason why not.
std::string refusal(const Row* row, const Step& step, const Target& target) {
  if (row == nullptr) return "this build has no such row";
  if (row->backend() != target.kind) return "it is a row for " + std::string(row->backend());
  const Verdict verdict = row->supports(step.problem, target);
  return verdict ? std::string() : verdict.reason.empty() ? "it refuses" : verdict.reason;
}

PreparedStep choose(Engine::Impl& impl, const Step& step) {
  const Target& target = impl.device->target();
  if (is_flow(step.kind)) return {nullptr, {}, nullptr, std::vector<bool>(step.inputs.size())};
  PreparedStep out{find_row(step.row), step.tactic, nullptr, {}};
  const bool reference = impl.options.reference;
  const std::string why = reference ? "asked for the reference" : refusal(out.row, step, target);
  if (!why.empty()) {
    const std::string head =
        "step '" + step.name + "': row '" + step.row + "' cannot run it (" + why + ")";
    if (!impl.device->host_accessible())
      throw Error(Code::kUnsupported, head, {step.problem.str(), "see: tenfold devices"});
    const std::string name = "ref." + step.problem.op;
    out.row = find_row(name);
    out.tactic.clear();
    if (const std::string also = refusal(out.row, step, target); !also.empty())
      throw Error(Code::kUnsupported, head,
                  {"nor can '" + name + "': " + also, step.problem.str()});
    if (!reference) impl.messages.push_back(head + "; replaced by '" + name + "', which is slow");
  }
  for (size_t k = 0; k < step.inputs.size(); ++k)
    out.packed.push_back(step.inputs[k].kind == ValueRef::Kind::kConstant &&
                         step.problem.inputs[k].constant &&
                         out.row->packs(step.problem, static_cast<int>(k)));
  return out;
}

// Steps with equal keys have equal states.
std::string key_of(const Step& step, const PreparedStep& prepared) {
  std::string key = std::string(prepared.row->name()) + '\n' + prepared.tactic + '\n' +
                    step.problem.str() + '\n' + std::to_string(step.artifact);
  for (const ValueRef& ref : step.inputs)
    if (ref.kind == ValueRef::Kind::kConstant) key += ',' + std::to_string(ref.index);
  return key;
}

std::shared_ptr<const RowState> prepare(const Engine::Impl& impl, const Step& step,
                                        const PreparedStep& prepared) {
  const bool trusted = impl.options.trust && step.artifact >= 0 && prepared.row->name() == step.row;
  const Artifact* artifact =
      trusted ? &impl.section->artifacts[static_cast<size_t>(step.artifact)] : nullptr;
  const auto constant = [&](int input) {
    TensorView view;
    const auto k = static_cast<size_t>(input);
    if (input < 0 || k >= step.inputs.size() || step.inputs[k].kind != ValueRef::Kind::kConstant)
      return view;
    const Operand& operand = step.problem.inputs[k];
    if (!is_const(operand.dims)) return view;
    view.data = const_cast<void*>(impl.constants->data(step.inputs[k].index));
    view.dtype = operand.format.dtype;
    view.dims = const_extents(operand.dims);
    return view;
  };
  try {
    return prepared.row->prepare(
        {step.problem, prepared.tactic, artifact, *impl.device, impl.threads, constant});
  } catch (const Error& e) {
    throw Error(
        e.code(),
        "step '" + step.name + "', row '" + std::string(prepared.row->name()) + "': " + e.what(),
        e.notes());
  }
}

// Calls task(0) ... task(count - 1) on up to 8 threads; throws the first failure again.
template <typename Task>
void run_tasks(size_t count, size_t threads, const Task& task) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error;
  const auto work = [&] {
    for (size_t k = next++; k < count && !failed; k = next++) {
      try {
        task(k);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
  };
  std::vector<std::thread> pool;
  pool.reserve(threads);
  try {
    for (size_t t = 1; t < std::min(threads, count); ++t) pool.emplace_back(work);
  } catch (const std::system_error&) {
    // Fewer threads: slower, equally right.
  }
  work();
  for (std::thread& t : pool) t.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace

void choose_rows(Engine::Impl& impl) {
  for (const Program& program : impl.section->programs) {
    std::vector<PreparedStep> steps;
    for (const Step& step : program.steps) steps.push_back(choose(impl, step));
    impl.programs.push_back(std::move(steps));
  }
}

void evaluate_constants(Engine::Impl& impl) {
  impl.constants.emplace(*impl.section, host_device(), impl.threads, impl.options.memory_limit);
  std::vector<bool> wanted(impl.section->constants.size(), false);
  for (const Program& program : impl.section->programs) {
    const auto want = [&](ValueRef ref) {
      if (ref.kind == ValueRef::Kind::kConstant) wanted[ref.index] = true;
    };
    for (const Step& step : program.steps)
      for (const ValueRef& ref : step.inputs) want(ref);
    for (const PlanBuffer& buffer : program.buffers) want(buffer.same_as);
    for (const Tap& tap : program.taps) want(tap.value);
  }
  impl.constants->evaluate(wanted);
}

void prepare_steps(Engine::Impl& impl) {
  struct Task {
    const Step* step;
    std::vector<PreparedStep*> users;
  };
  std::vector<Task> tasks;
  std::unordered_map<std::string, size_t> task_of;
  for (size_t p = 0; p < impl.programs.size(); ++p)
    for (size_t k = 0; k < impl.programs[p].size(); ++k) {
      const Step& step = impl.section->programs[p].steps[k];
      PreparedStep& prepared = impl.programs[p][k];
      if (prepared.row == nullptr) continue;
      const auto [found, is_new] = task_of.emplace(key_of(step, prepared), tasks.size());
      if (is_new) tasks.push_back({&step, {}});
      tasks[found->second].users.push_back(&prepared);
    }
  // Where a machine has threads, rows bring them; elsewhere prepare mostly waits for compilers and
  // drivers.
  const size_t threads = impl.device->target().has("threads") ? 1 : kMaxPrepareThreads;
  run_tasks(tasks.size(), threads, [&](size_t k) {
    const auto state = prepare(impl, *tasks[k].step, *tasks[k].users.front());
    for (PreparedStep* user : tasks[k].users) user->state = state;
  });
}

void place_constants(Engine::Impl& impl) {
  const size_t n = impl.section->constants.size();
  std::vector<bool> read(n, false);
  for (size_t p = 0; p < impl.programs.size(); ++p) {
    const Program& program = impl.section->programs[p];
    for (size_t k = 0; k < program.steps.size(); ++k)
      for (size_t i = 0; i < program.steps[k].inputs.size(); ++i) {
        const ValueRef ref = program.steps[k].inputs[i];
        if (ref.kind == ValueRef::Kind::kConstant && !impl.programs[p][k].packed[i])
          read[ref.index] = true;
      }
    for (const PlanBuffer& buffer : program.buffers)
      if (buffer.same_as.kind == ValueRef::Kind::kConstant) read[buffer.same_as.index] = true;
    for (const Tap& tap : program.taps)
      if (tap.value.kind == ValueRef::Kind::kConstant) read[tap.value.index] = true;
  }
  impl.constant_slots.resize(n);
  int64_t total = 0;
  const bool host = impl.device->host_accessible();
  for (uint32_t k = 0; k < n; ++k) {
    if (!read[k]) {
      impl.constants->release(k);
      continue;
    }
    if (host) {
      impl.constant_slots[k] = {
          impl.slots.first_constant + static_cast<uint32_t>(impl.constant_addresses.size()), 0};
      impl.constant_addresses.push_back(const_cast<void*>(impl.constants->data(k)));
      impl.constant_bytes = checked_add(impl.constant_bytes, impl.constants->bytes(k));
    } else {
      impl.constant_slots[k] = {impl.slots.first_constant, total};
      total = checked_round_up(checked_add(total, impl.constants->bytes(k)), kConstantAlignment);
    }
  }
  if (!host && total > 0) {
    impl.resident = impl.device->allocate(total, MemoryKind::kDevice);
    impl.constant_bytes = total;
    impl.constant_addresses.push_back(impl.resident->data());
    const std::unique_ptr<NativeStream> stream = impl.device->create_stream();
    for (uint32_t k = 0; k < n; ++k)
      if (read[k] && impl.constants->bytes(k) > 0)
        impl.device
            ->copy_in(
                static_cast<std::byte*>(impl.resident->data()) + impl.constant_slots[k].offset,
                impl.constants->data(k), impl.constants->bytes(k), *stream)
            .or_throw();
    stream->synchronize().or_throw();
    for (uint32_t k = 0; k < n; ++k) impl.constants->release(k);
  }
  impl.slots.count =
      impl.slots.first_constant + static_cast<uint32_t>(impl.constant_addresses.size());
}

}  // namespace tenfold
