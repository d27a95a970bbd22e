#include "src/runtime/evaluate.h"

#include "src/base/checked.h"
#include "src/runtime/host_commands.h"

namespace tenfold {

namespace {

TensorView view_of(const Operand& operand, const void* data) {
  TensorView view;
  view.data = const_cast<void*>(data);
  view.dtype = operand.format.dtype;
  view.dims = const_extents(operand.dims);
  return view;
}

// Scratch memory of both kinds: one zeroed piece.
Tensor scratch_for(const Needs& needs) {
  const int64_t context_at = checked_round_up(needs.step_scratch, 64);
  return Tensor::zeros(DType::kU8, {checked_add(context_at, needs.context_scratch)});
}

}  // namespace

const Row& reference_row(const std::string& op) {
  const std::string name = "ref." + op;
  if (const Row* row = find_row(name)) return *row;
  throw Error(Code::kUnsupported, "there is no reference row '" + name + "'");
}

void run_on_host(const Row& row, const Problem& problem, const Tactic& tactic,
                 std::span<const void* const> inputs, std::span<void* const> outputs, Device& host,
                 int threads) {
  PrepareArgs prepare{problem, tactic, nullptr, host, threads, [&](int k) {
                        const auto index = static_cast<size_t>(k);
                        return index < inputs.size() && problem.inputs[index].constant
                                   ? view_of(problem.inputs[index], inputs[index])
                                   : TensorView{};
                      }};
  const std::unique_ptr<RowState> state = row.prepare(prepare);
  const std::unique_ptr<RowInstance> instance =
      row.attach(state.get(), {problem, tactic, host, threads});

  std::vector<void*> addresses;
  std::vector<Slot> input_slots, output_slots;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const bool packed = problem.inputs[k].constant && row.packs(problem, static_cast<int>(k));
    input_slots.push_back(packed ? Slot{} : Slot{static_cast<uint32_t>(addresses.size()), 0});
    addresses.push_back(const_cast<void*>(inputs[k]));
  }
  for (void* output : outputs) {
    output_slots.push_back({static_cast<uint32_t>(addresses.size()), 0});
    addresses.push_back(output);
  }
  Tensor scratch = scratch_for(instance->needs);
  const auto scratch_slot = static_cast<uint32_t>(addresses.size());
  addresses.push_back(scratch.mutable_data());
  HostCommands commands(std::move(addresses));
  const Operands operands{input_slots, output_slots, Slot{scratch_slot, 0},
                          Slot{scratch_slot, checked_round_up(instance->needs.step_scratch, 64)}};
  row.record(commands, operands, state.get(), *instance);
  commands.status().or_throw();
}

void run_reference(const Problem& problem, std::span<const void* const> inputs,
                   std::span<void* const> outputs, Device& host, int threads) {
  const Row& row = reference_row(problem.op);
  if (const Verdict verdict = row.supports(problem, host.target()); !verdict)
    throw Error(Code::kUnsupported, "'" + problem.op + "' cannot be evaluated: " + verdict.reason,
                {problem.str()});
  run_on_host(row, problem, {}, inputs, outputs, host, threads);
}

}  // namespace tenfold
