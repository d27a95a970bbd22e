// Every row of our own against the reference, over its formats, tactics and several batch sizes.
#include <chrono>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "backends/cuda/driver/device.h"
#include "tests/support/cuda_problems.h"
#include "tests/support/device_row.h"

namespace tenfold {
namespace {

uint64_t fresh_seed() {
  static const uint64_t seed = std::random_device{}();
  return seed;
}

TEST(CudaRows, AgreeWithTheReference) {
  if (cuda::gpu_count() == 0) GTEST_SKIP() << cuda::driver_error();
  const auto device = cuda::open_gpu(0);
  const Target& target = device->target();
  std::cout << target.str() << "\nseed " << fresh_seed() << "\n";
  int runs = 0, failures = 0;
  for (const Problem& open : test::cuda_problems()) {
    for (const Row* row : test::cuda_rows()) {
      if (!row->supports(open, target)) continue;
      const TypeSet types = {DType::kF32, DType::kF16, DType::kTF32};
      for (const FormatTuple& tuple : row->formats(open, target, types)) {
        const Problem closed = test::close(open, tuple);
        if (!row->supports(closed, target)) continue;
        for (const Tactic& tactic : row->tactics(closed, target)) {
          for (const int64_t n : {int64_t{0}, int64_t{1}, int64_t{3}}) {
            SymbolValues sizes;
            for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
            const Problem bound = closed.bind(sizes);
            std::string wrong;
            try {
              const auto inputs =
                  test::random_storage(bound, fresh_seed() + static_cast<uint64_t>(n));
              const auto run = test::run_on_device(
                  *row, closed, sizes, inputs, *device,
                  n == 3 ? RecorderKind::kReplay : RecorderKind::kEager, tactic);
              if (n > 0)
                wrong =
                    test::differences(bound, run.outputs, test::reference_outputs(bound, inputs));
            } catch (const Error& error) {
              wrong = error.full();
            }
            ++runs;
            if (wrong.empty()) continue;
            if (++failures > 40) continue;
            ADD_FAILURE() << row->name() << " [" << tactic << "] N=" << n << ": " << wrong << "\n  "
                          << closed.str();
          }
        }
      }
    }
  }
  std::cout << runs << " runs, " << failures << " failures\n";
}

}  // namespace
}  // namespace tenfold
