#include "tests/support/cuda_problems.h"

#include <cstdlib>
#include <fstream>

#include "tenfold/device.h"

namespace tenfold {
Backend* cuda_backend();
}

namespace tenfold::test {

std::vector<Problem> read_problems(const std::string& file) {
  // GPU machines hold a copy of the tree elsewhere: the working directory's tests/ serves too.
  const char* carried = std::getenv("TENFOLD_TEST_DATA");  // set where the tests run far from the tree
  std::ifstream in(std::string(carried ? carried : TENFOLD_TEST_DATA) + "/cuda/" + file);
  if (!in) in.open("tests/cuda/" + file);
  if (!in) throw Error(Code::kNotFound, "no " + file);
  std::vector<Problem> problems;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') problems.push_back(Problem::parse(line));
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
