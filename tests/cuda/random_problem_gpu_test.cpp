// Rows of a GPU on random problems, by some of their formats and tactics.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/support/cuda_problems.h"
#include "tests/support/device_row.h"
#include "tests/support/gpu_test.h"
#include "tests/support/random_problem.h"

namespace tenfold {
namespace {

class GpuRandomProblems : public test::GpuTest {
 protected:
  // The first of a list, and one more.
  template <typename T>
  std::vector<T> some(const std::vector<T>& list) {
    if (list.size() < 2) return list;
    std::uniform_int_distribution<size_t> other(1, list.size() - 1);
    return {list.front(), list[other(random_)]};
  }

  void check(const Row& row, const Problem& closed, const Tactic& tactic, uint64_t seed) {
    for (const int64_t n : {1, 3}) {
      SymbolValues sizes;
      for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
      const Problem bound = closed.bind(sizes);
      std::string wrong;
      try {
        const auto inputs = test::random_storage(bound, seed + static_cast<uint64_t>(n));
        const auto run = test::run_on_device(row, closed, sizes, inputs, *device_,
                                             {RecorderKind::kEager, tactic});
        wrong = test::differences(bound, run.outputs, test::reference_outputs(bound, inputs));
      } catch (const Error& error) {
        wrong = error.full();
      }
      ++runs_;
      if (!wrong.empty())
        ADD_FAILURE() << row.name() << " [" << tactic << "] N=" << n << ": " << wrong << "\n  "
                      << closed.str();
    }
  }

  // On `count` problems that one of the rows takes.
  void check_some(const std::vector<const Row*>& rows, uint64_t count) {
    const char* const again = std::getenv("TENFOLD_TEST_SEED");  // of a run that failed
    const uint64_t first = again ? std::strtoull(again, nullptr, 10) : test::fresh_seed();
    const TypeSet types = {DType::kF32, DType::kF16, DType::kTF32};
    uint64_t taken = 0;
    for (uint64_t seed = first; taken < count && seed < first + 100 * count; ++seed) {
      random_.seed(seed);
      const Problem open = test::RandomProblem(seed).problem();
      SCOPED_TRACE("TENFOLD_TEST_SEED=" + std::to_string(seed));
      const int before = runs_;
      for (const Row* row : rows) {
        if (!row->supports(open, target())) continue;
        std::vector<Problem> list;
        for (const FormatTuple& tuple : row->formats(open, target(), types))
          if (Problem closed = close_problem(open, tuple); row->supports(closed, target()))
            list.push_back(std::move(closed));
        for (const Problem& closed : some(list))
          for (const Tactic& tactic : some(row->tactics(closed, target())))
            check(*row, closed, tactic, seed);
      }
      if (runs_ > before) ++taken;
      if (HasFailure()) break;
    }
    std::cout << runs_ << " runs" << std::endl;
    EXPECT_GT(runs_, 0);
  }

  std::mt19937_64 random_;
  int runs_ = 0;
};

TEST_F(GpuRandomProblems, OwnRows) { check_some(test::cuda_rows(), 12); }

TEST_F(GpuRandomProblems, VendorRows) {
  std::vector<const Row*> rows = test::cuda_rows("cudnn.");
  for (const Row* row : test::cuda_rows("cublaslt.")) rows.push_back(row);
  const auto none = [&](const Row* row) {
    const Problem small = Problem::parse(
        row->name() == "cudnn.conv"
            ? "Conv(f32[1,8,8,8], @f32[8,8,3,3]) {pads=[1,1,1,1]} -> f32[1,8,8,8] | compute=f32 "
              "acc=f32 anchor=2"
            : "Gemm(f32[8,64], @f32[64,64]) -> f32[8,64] | compute=f32 acc=f32 anchor=2");
    return !row->supports(small, target());
  };
  rows.erase(std::remove_if(rows.begin(), rows.end(), none), rows.end());
  if (rows.empty()) GTEST_SKIP() << "neither cuDNN nor cuBLASLt serves here";
  check_some(rows, 24);
}

}  // namespace
}  // namespace tenfold
