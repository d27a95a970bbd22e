// Every row of the CPU on random problems.
#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>

#include "tests/op/agreement.h"
#include "tests/support/random_problem.h"

namespace tenfold::test {
namespace {

TEST(RandomProblems, RowsAgreeWithTheReference) {
  const char* const again = std::getenv("TENFOLD_TEST_SEED");  // of a run that failed
  const uint64_t first = again ? std::strtoull(again, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << first << "\n";
  for (uint64_t seed = first; seed < first + 40; ++seed) {
    const Problem open = RandomProblem(seed).problem();
    SCOPED_TRACE("TENFOLD_TEST_SEED=" + std::to_string(seed) + ": " + open.str());
    const Rows rows = expect_agreement(open, {1, 2}, seed);
    EXPECT_FALSE(rows.took.empty());
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tenfold::test
