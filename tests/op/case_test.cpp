// Every CPU row against the reference, over tests/op/*.case: a Problem per line, '#' starts a
// comment. A comment "#! refused ROW" after a Problem
// asks that the row refuses it; "#! taken ROW" that it takes it, "#! sliced ROW" as slices too.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/op/agreement.h"

namespace tenfold::test {
namespace {

struct Case {
  std::string file;
  int line = 0;
  std::string text;
  std::vector<std::string> taken, refused, sliced;
};

void PrintTo(const Case& c, std::ostream* os) { *os << c.file << ":" << c.line << ": " << c.text; }

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TENFOLD_TEST_DATA "/op"))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::ifstream in(path);
    std::string text;
    for (int line = 1; std::getline(in, text); ++line) {
      if (text.starts_with("#! ") && !cases.empty()) {
        std::istringstream words(text.substr(3));
        std::string verb, row;
        words >> verb >> row;
        Case& c = cases.back();
        (verb == "taken" ? c.taken : verb == "sliced" ? c.sliced : c.refused).push_back(row);
        continue;
      }
      if (text.empty() || text[0] == '#') continue;
      cases.push_back({path.stem().string(), line, text, {}, {}, {}});
    }
  }
  return cases;
}

class OpCase : public testing::TestWithParam<Case> {};

TEST_P(OpCase, AgreesWithReference) {
  const Case& c = GetParam();
  const Problem open = Problem::parse(c.text);
  static const uint64_t seed = std::random_device{}();
  const Rows rows = expect_agreement(open, {1, 0, 3}, seed);
  const Target target = open_device({"cpu", 0})->target();
  auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const std::string& row : c.refused) EXPECT_FALSE(has(rows.took, row)) << row << " takes it";
  for (const std::string& row : c.sliced) {
    if (!TENFOLD_WITH_ONEDNN && row.starts_with("onednn.")) continue;
    EXPECT_TRUE(has(rows.took_slices, row)) << row << " takes no slices on one side or the other";
  }
  for (const std::string& row : c.taken) {
    if (!TENFOLD_WITH_ONEDNN && row.starts_with("onednn.")) continue;
    const Row* found = find_row(row);
    ASSERT_NE(found, nullptr) << row;
    EXPECT_TRUE(has(rows.took, row)) << row << ": " << found->supports(open, target).reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, OpCase, testing::ValuesIn(read_cases()), [](const auto& info) {
  return info.param.file + "_" + std::to_string(info.param.line);
});

}  // namespace
}  // namespace tenfold::test
