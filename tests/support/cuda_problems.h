// The Problems of problems.case and their closed forms.
#pragma once

#include <string>
#include <vector>

#include "tenfold/kernel.h"

namespace tenfold::test {

// A line of a .case file.
struct CudaCase {
  std::string name;  // "conv_12": file and line
  std::string text;  // an open Problem
};
inline void PrintTo(const CudaCase& c, std::ostream* os) { *os << c.text; }
// Of tests/cuda/<file>; then of tests/cuda/problems.case and tests/op/*.case.
std::vector<CudaCase> read_cases(const std::string& file);
std::vector<CudaCase> cuda_cases();

// Every Problem of tests/cuda/<file>, open.
std::vector<Problem> read_problems(const std::string& file);
// Those of tests/cuda/problems.case, then those of tests/op/*.case, open.
std::vector<Problem> cuda_problems();

// `closed` with its pictures and matrices inside larger buffers, as select makes slices: they begin
// at a multiple of 16 bytes, and so do the buffer's rows. The same Problem where nothing can be.
Problem with_slices(const Problem& closed, bool inputs, bool outputs);
// Its dense form.
Problem without_slices(const Problem& problem);
// The index along axis 1 at which with_slices puts an operand.
int64_t slice_begin(const Operand& bound);

// The CUDA backend's rows whose names start with `prefix`, or with TENFOLD_TEST_ROWS where that is
// set.
std::vector<const Row*> cuda_rows(const std::string& prefix = "cuda.");

}  // namespace tenfold::test
