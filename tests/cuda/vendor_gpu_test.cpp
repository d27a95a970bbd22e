// The vendor rows against the reference, a test a row and Problem: every tuple of formats, every
// tactic, several batch sizes, the graph and eager, inside larger buffers; and what each tactic
// takes.
#include <algorithm>
#include <cstdio>

#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/cudnn/cudnn_api.h"
#include "src/compile/measure.h"
#include "tests/support/cuda_problems.h"
#include "tests/support/device_row.h"
#include "tests/support/gpu_test.h"

namespace tenfold {
namespace {

std::string formats_text(const Problem& p) {
  std::string text;
  for (const Operand& o : p.inputs) text += o.format.str() + " ";
  return text + "-> " + p.outputs[0].format.str() + " " + std::string(to_string(p.compute));
}

class GpuVendorRows : public test::GpuTest,
                      public testing::WithParamInterface<std::tuple<std::string, test::CudaCase>> {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped()) return;
    const std::string name = std::get<0>(GetParam());
    if (name == "cudnn.conv" && !cuda::cudnn_api()) GTEST_SKIP() << cuda::cudnn_error();
    if (name == "cublaslt.matmul" && !cuda::cublaslt_api()) GTEST_SKIP() << cuda::cublaslt_error();
    row_ = find_row(name);
    ASSERT_NE(row_, nullptr) << name;
  }

  // "" or what went wrong.
  std::string check(const Problem& closed, const Tactic& tactic, int64_t n, bool in_place = false) {
    SymbolValues sizes;
    for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
    const Problem bound = closed.bind(sizes);
    const std::string where = "N=" + std::to_string(n) + (in_place ? " in place: " : ": ");
    try {
      // In place eagerly: a graph runs a library's step once more while it is recorded.
      const auto inputs =
          test::random_storage(bound, test::fresh_seed() + static_cast<uint64_t>(n));
      const auto run = test::run_on_device(
          *row_, closed, sizes, inputs, *device_,
          {n == 3 || in_place ? RecorderKind::kEager : RecorderKind::kReplay, tactic, in_place});
      if (n == 0) return "";
      const std::string wrong =
          test::differences(bound, run.outputs, test::reference_outputs(bound, inputs));
      return wrong.empty() ? "" : where + wrong;
    } catch (const Error& error) {
      return where + error.full();
    }
  }

  // A line a tactic.
  void try_formats(const Problem& closed) {
    const std::vector<Tactic> tactics = row_->tactics(closed, target());
    std::printf("  %s  estimate %.1f us\n", formats_text(closed).c_str(),
                row_->estimate(closed, target()));
    for (const Tactic& tactic : tactics) {
      std::string wrong, time = "-";
      // Kernels compiled at run time are compiled anew for each batch: the first and the last
      // tactic stand for the others there.
      const bool all_sizes = &tactic == &tactics.front() || &tactic == &tactics.back();
      for (const int64_t n :
           all_sizes ? std::vector<int64_t>{8, 1, 3, 0} : std::vector<int64_t>{8}) {
        wrong = check(closed, tactic, n);
        if (wrong.empty() && n == 8 && row_->in_place(closed) >= 0)
          wrong = check(closed, tactic, n, true);
        if (!wrong.empty()) break;
      }
      try {
        const double us = select::Trial(*row_, closed, tactic, *device_, 1).time();
        time = std::to_string(us).substr(0, 6) + " us";
      } catch (const Error& error) {
        time = error.what();
      }
      std::printf("    %-70s %s %s\n", tactic.c_str(), time.c_str(),
                  wrong.empty() ? "ok" : wrong.c_str());
      EXPECT_EQ(wrong, "") << row_->name() << " [" << tactic << "] " << closed.str();
      std::fflush(stdout);
      ++runs_;
    }
  }

  void try_slices(const Problem& closed) {
    for (const auto& [inputs, outputs] : {std::pair(true, false), {false, true}, {true, true}}) {
      if ((inputs && !row_->reads_slices()) || (outputs && !row_->writes_slices())) continue;
      const Problem sliced = test::with_slices(closed, inputs, outputs);
      if (sliced == closed) continue;
      if (const Verdict v = row_->supports(sliced, target()); !v)
        std::printf("  %s  refused: %s\n", formats_text(sliced).c_str(), v.reason.c_str());
      else
        try_formats(sliced);
    }
  }

  const Row* row_ = nullptr;
  int runs_ = 0;
};

TEST_P(GpuVendorRows, AgreeWithTheReference) {
  const Problem open = Problem::parse(std::get<1>(GetParam()).text);
  std::printf("%s\n%s\n", row_->version(target()).c_str(), open.str().c_str());
  if (const Verdict verdict = row_->supports(open, target()); !verdict)
    GTEST_SKIP() << "refused: " << verdict.reason;
  const TypeSet types = {DType::kF32, DType::kF16, DType::kTF32};
  for (const FormatTuple& tuple : row_->formats(open, target(), types)) {
    const Problem closed = close_problem(open, tuple);
    if (const Verdict v = row_->supports(closed, target()); !v) {
      std::printf("  %s  refused: %s\n", formats_text(closed).c_str(), v.reason.c_str());
      continue;
    }
    try_formats(closed);
    try_slices(closed);
  }
  std::printf("%d tactics\n", runs_);
  std::fflush(stdout);
  EXPECT_GT(runs_, 0) << "the library on this machine takes nothing of it";
}

INSTANTIATE_TEST_SUITE_P(, GpuVendorRows,
                         testing::Combine(testing::Values("cublaslt.matmul", "cudnn.conv"),
                                          testing::ValuesIn(test::read_cases("vendor.case"))),
                         [](const auto& info) {
                           std::string name =
                               std::get<0>(info.param) + "_" + std::get<1>(info.param).name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace tenfold
