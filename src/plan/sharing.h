// Steps in place: a step's output in the storage of an input that nobody needs afterwards.
#pragma once

#include "tenfold/plan.h"

namespace tenfold {

// Lets outputs share the storage of inputs where the step's row allows it (Row::in_place), every
// other step that touches that storage happens before, and memory at the tuning sizes does not
// grow. Returns how many outputs do.
int share_storage(Program& program, const std::vector<Binding>& bindings);

// The same program with storage of its own for every output: no value is overwritten.
Program without_sharing(const Program& program);

}  // namespace tenfold
