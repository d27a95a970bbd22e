// What a Row does unless it says otherwise.
#include "tenfold/kernel.h"

namespace tenfold {

std::vector<Tactic> Row::tactics(const Problem&, const Target&) const { return {Tactic()}; }

Needs Row::needs(const Problem&, const Tactic&, const Target&) const { return {}; }

Artifact Row::emit(const Problem&, const Tactic&, const Target&) const { return {}; }

std::string Row::version(const Target&) const { return {}; }

bool Row::packs(const Problem&, int) const { return false; }

std::unique_ptr<RowState> Row::prepare(const PrepareArgs&) const { return nullptr; }

}  // namespace tenfold
