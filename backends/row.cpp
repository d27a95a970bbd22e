// What a Row does unless it says otherwise.
#include "tenfold/kernel.h"

namespace tenfold {

Problem close_problem(Problem open, const FormatTuple& formats) {
  for (size_t k = 0; k < open.inputs.size(); ++k) open.inputs[k].format = formats.inputs.at(k);
  for (size_t k = 0; k < open.outputs.size(); ++k) open.outputs[k].format = formats.outputs.at(k);
  open.compute = formats.compute;
  open.accumulate = formats.accumulate;
  open.closed = true;
  return open;
}

std::vector<Tactic> Row::tactics(const Problem&, const Target&) const { return {Tactic()}; }

Needs Row::needs(const Problem&, const Tactic&, const Target&) const { return {}; }

Artifact Row::emit(const Problem&, const Tactic&, const Target&) const { return {}; }

std::string Row::version(const Target&) const { return {}; }

bool Row::packs(const Problem&, int) const { return false; }

std::unique_ptr<RowState> Row::prepare(const PrepareArgs&) const { return nullptr; }

}  // namespace tenfold
