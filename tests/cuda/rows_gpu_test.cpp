// Every row of our own against the reference, a test a Problem: over the row's formats, tactics and
// several batch sizes, dense, inside larger buffers, and in place.
#include "tests/support/cuda_problems.h"
#include "tests/support/device_row.h"
#include "tests/support/gpu_test.h"

namespace tenfold {
namespace {

class CudaRows : public test::GpuTest, public testing::WithParamInterface<test::CudaCase> {
 protected:
  void check(const Row& row, const Problem& closed, int64_t n, const test::RunWith& with) {
    SymbolValues sizes;
    for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
    const Problem bound = closed.bind(sizes);
    std::string wrong;
    try {
      const auto inputs =
          test::random_storage(bound, test::fresh_seed() + static_cast<uint64_t>(n));
      const auto run = test::run_on_device(row, closed, sizes, inputs, *device_, with);
      if (n > 0)
        wrong = test::differences(bound, run.outputs, test::reference_outputs(bound, inputs));
    } catch (const Error& error) {
      wrong = error.full();
    }
    ++runs_;
    if (!wrong.empty())
      ADD_FAILURE() << row.name() << " [" << with.tactic << "] N=" << n
                    << (with.in_place ? " in place" : "") << ": " << wrong << "\n  "
                    << closed.str();
  }

  void check_slices(const Row& row, const Problem& closed, const Tactic& tactic) {
    for (const auto& [inputs, outputs] : {std::pair(true, false), {false, true}, {true, true}}) {
      if ((inputs && !row.reads_slices()) || (outputs && !row.writes_slices())) continue;
      const Problem sliced = test::with_slices(closed, inputs, outputs);
      if (sliced == closed || !row.supports(sliced, target())) continue;
      check(row, sliced, 3, {RecorderKind::kEager, tactic});
      if (row.in_place(sliced) >= 0) check(row, sliced, 3, {RecorderKind::kEager, tactic, true});
    }
  }

  int runs_ = 0;
};

TEST_P(CudaRows, AgreeWithTheReference) {
  const Problem open = Problem::parse(GetParam().text);
  const TypeSet types = {DType::kF32, DType::kF16, DType::kTF32};
  for (const Row* row : test::cuda_rows()) {
    if (!row->supports(open, target())) continue;
    for (const FormatTuple& tuple : row->formats(open, target(), types)) {
      const Problem closed = close_problem(open, tuple);
      if (!row->supports(closed, target())) continue;
      const std::vector<Tactic> tactics = row->tactics(closed, target());
      for (const Tactic& tactic : tactics) {
        check(*row, closed, 3, {RecorderKind::kReplay, tactic});
        if (&tactic != &tactics.front()) continue;
        check(*row, closed, 0, {RecorderKind::kReplay, tactic});
        check(*row, closed, 1, {RecorderKind::kEager, tactic});
        if (row->in_place(closed) >= 0)
          check(*row, closed, 3, {RecorderKind::kEager, tactic, true});
        check_slices(*row, closed, tactic);
      }
    }
  }
  std::cout << GetParam().name << ": " << runs_ << " runs" << std::endl;
  if (runs_ == 0 && std::getenv("TENFOLD_TEST_ROWS")) GTEST_SKIP() << "no such row takes it";
  EXPECT_GT(runs_, 0) << "no row of our own takes it";
}

INSTANTIATE_TEST_SUITE_P(, CudaRows, testing::ValuesIn(test::cuda_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tenfold
