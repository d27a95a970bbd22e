// The vendor rows against the reference: every tuple of formats, every tactic, several batch sizes,
// the graph and eager; and what each tactic takes.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/cudnn/cudnn_api.h"
#include "backends/cuda/driver/device.h"
#include "src/compile/measure.h"
#include "tests/support/cuda_problems.h"
#include "tests/support/device_row.h"

namespace tenfold {
namespace {

uint64_t fresh_seed() {
  static const uint64_t seed = std::random_device{}();
  return seed;
}

std::string formats_text(const Problem& p) {
  std::string text;
  for (const Operand& o : p.inputs) text += o.format.str() + " ";
  return text + "-> " + p.outputs[0].format.str() + " " + std::string(to_string(p.compute));
}

class VendorRows : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (cuda::gpu_count() == 0) GTEST_SKIP() << cuda::driver_error();
    device_ = cuda::open_gpu(0);
    if (test::cuda_rows(GetParam()).empty()) GTEST_SKIP() << "no row " << GetParam();
  }

  // "" or what went wrong.
  std::string check(const Row& row, const Problem& closed, const Tactic& tactic, int64_t n) {
    SymbolValues sizes;
    for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
    const Problem bound = closed.bind(sizes);
    try {
      const auto inputs = test::random_storage(bound, fresh_seed() + static_cast<uint64_t>(n));
      const auto run =
          test::run_on_device(row, closed, sizes, inputs, *device_,
                              n == 3 ? RecorderKind::kEager : RecorderKind::kReplay, tactic);
      if (n == 0) return "";
      const std::string wrong =
          test::differences(bound, run.outputs, test::reference_outputs(bound, inputs));
      return wrong.empty() ? "" : "N=" + std::to_string(n) + ": " + wrong;
    } catch (const Error& error) {
      return "N=" + std::to_string(n) + ": " + error.full();
    }
  }

  // A line a tactic; true when all is well.
  int try_formats(const Row& row, const Problem& closed) {
    int failures = 0;
    const std::vector<Tactic> tactics = row.tactics(closed, device_->target());
    std::printf("  %s  estimate %.1f us\n", formats_text(closed).c_str(),
                row.estimate(closed, device_->target()));
    for (const Tactic& tactic : tactics) {
      std::string wrong, time = "-";
      // Kernels compiled at run time are compiled anew for each batch: the first and the last
      // tactic stand for the others there.
      const bool all_sizes = &tactic == &tactics.front() || &tactic == &tactics.back();
      for (const int64_t n :
           all_sizes ? std::vector<int64_t>{8, 1, 3, 0} : std::vector<int64_t>{8}) {
        wrong = check(row, closed, tactic, n);
        if (!wrong.empty()) break;
      }
      try {
        const double us = select::Trial(row, closed, tactic, *device_, 1).time();
        time = std::to_string(us).substr(0, 6) + " us";
      } catch (const Error& error) {
        time = error.what();
      }
      std::printf("    %-70s %s %s\n", tactic.c_str(), time.c_str(),
                  wrong.empty() ? "ok" : wrong.c_str());
      failures += !wrong.empty();
      ++runs_;
    }
    return failures;
  }

  std::shared_ptr<cuda::CudaDevice> device_;
  int runs_ = 0;
};

TEST_P(VendorRows, AgreeWithTheReference) {
  const Target& target = device_->target();
  const Row& row = *test::cuda_rows(GetParam()).front();
  std::printf("%s, %s, seed %llu\n", target.str().c_str(), row.version(target).c_str(),
              static_cast<unsigned long long>(fresh_seed()));
  const TypeSet types = {DType::kF32, DType::kF16, DType::kTF32};
  int taken = 0;
  for (const Problem& open : test::read_problems("vendor.case")) {
    const Verdict verdict = row.supports(open, target);
    std::printf("%s\n", open.str().c_str());
    if (!verdict) {
      std::printf("  refused: %s\n", verdict.reason.c_str());
      continue;
    }
    for (const FormatTuple& tuple : row.formats(open, target, types)) {
      const Problem closed = test::close(open, tuple);
      if (const Verdict v = row.supports(closed, target); !v) {
        std::printf("  %s  refused: %s\n", formats_text(closed).c_str(), v.reason.c_str());
        continue;
      }
      ++taken;
      const int failures = try_formats(row, closed);
      EXPECT_EQ(failures, 0) << formats_text(closed) << " of " << open.str();
    }
    std::fflush(stdout);
  }
  std::printf("%s: %d tuples, %d tactics\n", GetParam().c_str(), taken, runs_);
  EXPECT_GT(runs_, 0) << "the library on this machine takes nothing: " << cuda::cudnn_error()
                      << cuda::cublaslt_error();
}

INSTANTIATE_TEST_SUITE_P(Libraries, VendorRows, testing::Values("cublaslt.matmul", "cudnn.conv"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace tenfold
