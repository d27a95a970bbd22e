#include "tests/support/cuda_problems.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tenfold/device.h"

namespace tenfold {
Backend* cuda_backend();
}

namespace tenfold::test {

namespace {

namespace fs = std::filesystem;

// GPU machines hold a copy of the tree elsewhere: the working directory's tests/ serves too.
fs::path tests_folder() {
  const fs::path tests = TENFOLD_TEST_DATA;
  return fs::exists(tests) ? tests : fs::path("tests");
}

void read_into(std::vector<Problem>& problems, const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw Error(Code::kNotFound, "no " + file.string());
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') problems.push_back(Problem::parse(line));
}

}  // namespace

std::vector<Problem> read_problems(const std::string& file) {
  std::vector<Problem> problems;
  read_into(problems, tests_folder() / "cuda" / file);
  return problems;
}

std::vector<Problem> cuda_problems() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(tests_folder() / "op"))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Problem> problems = read_problems("problems.case");
  for (const fs::path& file : files) read_into(problems, file);
  return problems;
}

Problem close(const Problem& open, const FormatTuple& tuple) {
  Problem closed = open;
  for (size_t k = 0; k < closed.inputs.size(); ++k) closed.inputs[k].format = tuple.inputs.at(k);
  for (size_t k = 0; k < closed.outputs.size(); ++k) closed.outputs[k].format = tuple.outputs.at(k);
  closed.compute = tuple.compute;
  closed.accumulate = tuple.accumulate;
  closed.closed = true;
  closed.verify();
  return closed;
}

std::vector<const Row*> cuda_rows(const std::string& prefix) {
  const char* only = std::getenv("TENFOLD_TEST_ROWS");
  const std::string wanted = only ? only : prefix;
  std::vector<const Row*> rows;
  for (const Row* row : cuda_backend()->rows())
    if (row->name().substr(0, wanted.size()) == wanted) rows.push_back(row);
  return rows;
}

}  // namespace tenfold::test
