// The Problems of problems.case and their closed forms.
#pragma once

#include <string>
#include <vector>

#include "tenfold/kernel.h"

namespace tenfold::test {

// Every Problem of tests/cuda/<file>, open.
std::vector<Problem> read_problems(const std::string& file);
// Those of tests/cuda/problems.case, then those of tests/op/*.case, open.
std::vector<Problem> cuda_problems();
// `open` with the formats and types of `tuple`.
Problem close(const Problem& open, const FormatTuple& tuple);
// The CUDA backend's rows whose names start with `prefix`, or with TENFOLD_TEST_ROWS where that is
// set.
std::vector<const Row*> cuda_rows(const std::string& prefix = "cuda.");

}  // namespace tenfold::test
