// Runs one row on one Problem, as an engine would, over poisoned memory.
#pragma once

#include <random>

#include "tenfold/device.h"

namespace tenfold::test {

struct RunOptions {
  int threads = 2;
  RecorderKind recorder = RecorderKind::kReplay;
  int launches = 1;
  bool in_place = false;  // output 0 in the storage that the row says it may share; one launch
};

// `closed` may be symbolic; `sizes` binds it. Inputs and outputs are dense tensors of the operands'
// logical dims and stored types. Throws Error when the row fails, or when it wrote beyond its
// buffers, left an element unwritten (NaN pattern in float outputs) or padding not zero.
std::vector<Tensor> run_row(const Row& row, const Problem& closed, const SymbolValues& sizes,
                            const std::vector<Tensor>& inputs, const RunOptions& options = {});

// Values for every input of the bound Problem, rounded to the stored types. Floats are normal(0, 1)
// unless the Problem's attribute-free conventions ask for else: see the .cpp.
std::vector<Tensor> random_inputs(const Problem& bound, uint64_t seed);

// Largest excess of |a - b| over the tolerance, 0 or less when within. `inputs`
// give the sizes of contractions' vectors.
struct Comparison {
  double worst_excess = 0;  // > 0: outside the tolerance
  int64_t index = -1;
  double got = 0, want = 0;
  int output = 0;
};
Comparison compare(const Problem& bound, const std::vector<Tensor>& inputs,
                   const std::vector<Tensor>& got, const std::vector<Tensor>& want);

}  // namespace tenfold::test
