// Runs tests/pass/<pass>.txt: cases "=== name", the input graph, "---", the expected graph or
// "unchanged".
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

struct Case {
  std::string file, pass, name, input, expected;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(TENFOLD_TEST_DATA "/pass")) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream in(entry.path());
    std::string line;
    bool expected = false;
    while (std::getline(in, line)) {
      if (line.rfind("=== ", 0) == 0) {
        cases.push_back({entry.path().filename(), entry.path().stem(), line.substr(4), "", ""});
        expected = false;
      } else if (line == "---") {
        expected = true;
      } else if (!cases.empty()) {
        (expected ? cases.back().expected : cases.back().input) += line + "\n";
      }
    }
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
    return std::tie(a.file, a.name) < std::tie(b.file, b.name);
  });
  return cases;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.file << ": " << c.name; }

class PassText : public testing::TestWithParam<Case> {};

TEST_P(PassText, GivesTheExpectedGraph) {
  const Case& c = GetParam();
  Graph g = parse_graph(c.input);
  const std::string before = print(g);
  PassOptions options;
  options.verify = true;
  run_pass(g, c.pass, options);
  EXPECT_TRUE(verify(g).all().empty());
  const bool unchanged = c.expected.rfind("unchanged", 0) == 0;
  const std::string wanted = unchanged ? before : print(parse_graph(c.expected));
  EXPECT_EQ(print(g), wanted) << c.file << ": " << c.name;
  // A pass that ran has nothing left to do.
  const std::string after = print(g);
  run_pass(g, c.pass, options);
  EXPECT_EQ(print(g), after) << "a second run changed the graph";
}

INSTANTIATE_TEST_SUITE_P(Files, PassText, testing::ValuesIn(read_cases()),
                         [](const testing::TestParamInfo<Case>& info) {
                           std::string name = info.param.pass + "_" + info.param.name;
                           for (char& ch : name)
                             if (!isalnum(static_cast<unsigned char>(ch))) ch = '_';
                           return name;
                         });

TEST(PassText, EveryPassHasAFile) {
  for (const std::string& pass : pass_names())
    EXPECT_TRUE(std::filesystem::exists(std::string(TENFOLD_TEST_DATA "/pass/") + pass + ".txt"))
        << pass;
}

}  // namespace
}  // namespace tenfold
