#include "src/runtime/reference.h"

#include <algorithm>

namespace tenfold {
namespace {

Tensor output_tensor(const Operand& o) {
  const Extents dims = const_extents(o.dims);
  if (same_storage(o.format, Format{o.format.dtype, Layout::linear()}, o.dims) &&
      storage_elements(o.format, dims) == element_count(dims))
    return Tensor(o.format.dtype, dims);
  return Tensor(o.format.dtype, {storage_elements(o.format, dims)});
}

}  // namespace

std::vector<Tensor> evaluate_problem_all(const Problem& problem, const std::vector<Tensor>& inputs,
                                         int threads) {
  const std::string name = "ref." + problem.op;
  const Row* row = find_row(name);
  if (!row)
    throw Error(Code::kUnsupported, "no reference kernel " + name, {"for " + problem.str()});
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  if (Verdict v = row->supports(problem, device->target()); !v)
    throw Error(Code::kUnsupported, name + ": " + v.reason, {"for " + problem.str()});
  if (inputs.size() != problem.inputs.size())
    throw Error(Code::kInvalid, name + ": " + std::to_string(inputs.size()) + " inputs given, " +
                                    std::to_string(problem.inputs.size()) + " needed");
  if (threads <= 0)
    threads = static_cast<int>(std::max<int64_t>(device->target().i("threads", 1), 1));

  const Tactic tactic;
  PrepareArgs prepare{problem, tactic,
                      nullptr, *device,
                      threads, [&](int k) {
    return inputs.at(static_cast<size_t>(k)).view(); }};
  const std::unique_ptr<RowState> state = row->prepare(prepare);
  const std::unique_ptr<RowInstance> instance =
      row->attach(state.get(), AttachArgs{problem, tactic, *device, threads});

  std::vector<void*> addresses;
  std::vector<Slot> in, out;
  const auto slot = [&](void* p) {
    addresses.push_back(p);
    return Slot{static_cast<uint32_t>(addresses.size() - 1), 0};
  };
  for (const Tensor& t : inputs) in.push_back(slot(const_cast<void*>(t.data())));
  std::vector<Tensor> outputs;
  for (const Operand& o : problem.outputs) {
    outputs.push_back(output_tensor(o));
    out.push_back(slot(outputs.back().mutable_data()));
  }
  std::vector<std::unique_ptr<Buffer>> scratch;
  const std::unique_ptr<NativeStream> stream = device->create_stream();
  const auto room = [&](int64_t bytes) {
    if (bytes <= 0) return Slot{};
    scratch.push_back(device->allocate(bytes, MemoryKind::kDevice));
    device->fill(scratch.back()->data(), 0, bytes, *stream).or_throw();
    return slot(scratch.back()->data());
  };
  const Slot step_scratch = room(instance->needs.step_scratch);
  const Slot context_scratch = room(instance->needs.context_scratch);
  const std::unique_ptr<Recorder> recorder = device->create_recorder(RecorderKind::kEager);
  recorder->begin(static_cast<uint32_t>(addresses.size()));
  recorder->begin_step(0, {});
  row->record(*recorder, Operands{in, out, step_scratch, context_scratch}, state.get(), *instance);
  recorder->finish(addresses).or_throw();
  recorder->launch(*stream, nullptr).or_throw();
  stream->synchronize().or_throw();
  return outputs;
}

Tensor evaluate_problem(const Problem& problem, const std::vector<Tensor>& inputs, int threads) {
  return evaluate_problem_all(problem, inputs, threads).at(0);
}

}  // namespace tenfold
