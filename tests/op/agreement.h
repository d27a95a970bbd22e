// Every row of the CPU that takes a Problem, against the reference.
#pragma once

#include <string>
#include <vector>

#include "tests/op/row_runner.h"

namespace tenfold::test {

// Names of rows, once for each tuple of Formats: that took the Problem, and also as slices.
struct Rows {
  std::vector<std::string> took, took_slices;
};

// A row that supports the open Problem is run with each tuple of Formats that it offers, at each of
// the batch sizes where the Problem has symbols, again with operands that are slices of larger
// buffers, and in place, where the row says so. Differences are failures of the current test.
// `seed`: of the inputs.
Rows expect_agreement(const Problem& open, const std::vector<int64_t>& batches, uint64_t seed);

}  // namespace tenfold::test
