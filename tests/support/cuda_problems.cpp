#include "tests/support/cuda_problems.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>

#include "tenfold/device.h"
#include "tests/support/paths.h"

namespace tenfold {
Backend* cuda_backend();
}

namespace tenfold::test {

namespace {

namespace fs = std::filesystem;

void read_into(std::vector<CudaCase>& cases, const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw Error(Code::kNotFound, "no " + file.string());
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line[0] != '#')
      cases.push_back({file.stem().string() + "_" + std::to_string(number), line});
  }
}

std::vector<Problem> parsed(const std::vector<CudaCase>& cases) {
  std::vector<Problem> problems;
  for (const CudaCase& c : cases) problems.push_back(Problem::parse(c.text));
  return problems;
}

// The fewest steps along axis 1 that are a multiple of 16 bytes; 0 where sizes are unknown.
int64_t slice_unit(const Operand& o) {
  if (o.dims.size() < 2 || !o.dims[1].is_const()) return 0;
  int64_t step = bits_of(o.format.dtype) / 8;
  if (o.format.layout.kind == Layout::Kind::kLinear)
    for (size_t k = 2; k < o.dims.size(); ++k) {
      if (!o.dims[k].is_const()) return 0;
      step *= std::max<int64_t>(o.dims[k].value(), 1);
    }
  return step > 0 ? 16 / std::gcd<int64_t>(step, 16) : 0;
}

void enclose(Operand& o) {
  const int64_t unit = slice_unit(o);
  const Layout& layout = o.format.layout;
  if (o.constant || unit == 0 || layout.pad > 1 || layout.kind == Layout::Kind::kBlocked) return;
  const int64_t channels = o.dims[1].value();
  o.format.enclosing = (channels + unit - 1) / unit * unit + 2 * unit;
}

}  // namespace

std::vector<CudaCase> read_cases(const std::string& file) {
  std::vector<CudaCase> cases;
  read_into(cases, tests_folder() / "cuda" / file);
  return cases;
}

std::vector<CudaCase> cuda_cases() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(tests_folder() / "op"))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<CudaCase> cases = read_cases("problems.case");
  for (const fs::path& file : files) read_into(cases, file);
  return cases;
}

std::vector<Problem> read_problems(const std::string& file) { return parsed(read_cases(file)); }

std::vector<Problem> cuda_problems() { return parsed(cuda_cases()); }

Problem with_slices(const Problem& closed, bool inputs, bool outputs) {
  Problem sliced = closed;
  if (inputs)
    for (Operand& o : sliced.inputs) enclose(o);
  if (outputs)
    for (Operand& o : sliced.outputs) enclose(o);
  return sliced;
}

Problem without_slices(const Problem& problem) {
  Problem dense = problem;
  for (auto* list : {&dense.inputs, &dense.outputs})
    for (Operand& o : *list) o.format.enclosing = 0;
  return dense;
}

int64_t slice_begin(const Operand& bound) { return bound.format.dense() ? 0 : slice_unit(bound); }

std::vector<const Row*> cuda_rows(const std::string& prefix) {
  const char* only = std::getenv("TENFOLD_TEST_ROWS");
  const std::string wanted = only ? only : prefix;
  std::vector<const Row*> rows;
  for (const Row* row : cuda_backend()->rows())
    if (row->name().substr(0, wanted.size()) == wanted) rows.push_back(row);
  return rows;
}

}  // namespace tenfold::test
