// LRN across channels over the whole range of floats: no row may lose a sum that is too large or
// too small for its way of computing.
#include <cmath>

#include "tests/op/ref_values.h"

namespace tenfold::test {
namespace {

struct Range {
  const char* attrs;
  double scale;  // of the inputs
};

class LrnRange : public testing::TestWithParam<Range> {};

// `every`: the inputs that are scaled.
void expect_relative_accuracy(const Range& range, int64_t channels, size_t every) {
  SCOPED_TRACE(std::to_string(channels) + " channels, each " + std::to_string(every) + ". scaled");
  const Target target = open_device({"cpu", 0})->target();
  const std::string type = "f32[2," + std::to_string(channels) + ",5,7]";
  const Problem open = Problem::parse("LRN(" + type + ") " + range.attrs + " -> " + type +
                                      " | compute=f32 acc=f32 anchor=1");
  Tensor x = normal({2, channels, 5, 7}, 7);
  const auto values = x.as_mutable<float>();
  for (size_t k = 0; k < values.size(); k += every) values[k] *= static_cast<float>(range.scale);
  Problem plain = open;
  plain.closed = true;
  const auto want = run_row(*find_row("ref.LRN"), plain, {}, {x});
  int rows = 0;
  for (const Row* row : all_rows()) {
    if (row->backend() != "cpu" || !row->supports(open, target)) continue;
    for (const FormatTuple& formats : row->formats(open, target, {DType::kF32})) {
      const auto got = run_row(*row, close_problem(open, formats), {}, {x});
      ++rows;
      for (int64_t k = 0; k < want[0].count(); ++k)
        ASSERT_NEAR(got[0].at(k), want[0].at(k), 1e-6 * std::fabs(want[0].at(k)) + 1e-44)
            << row->name() << " at " << k << " of " << x.at(k);
    }
  }
  EXPECT_GE(rows, 3);  // the reference, planes, channels last
}

TEST_P(LrnRange, EveryRowKeepsRelativeAccuracy) {
  for (const int64_t channels : {7, 19, 35})
    for (const size_t every : {size_t{1}, size_t{41}})
      expect_relative_accuracy(GetParam(), channels, every);
}

INSTANTIATE_TEST_SUITE_P(Ranges, LrnRange,
                         testing::Values(Range{"{alpha=1, beta=0.75, bias=1, size=5}", 1},
                                         Range{"{alpha=1, beta=0.75, bias=1, size=5}", 1e3},
                                         Range{"{alpha=1, beta=0.75, bias=1, size=5}", 1e7},
                                         Range{"{alpha=1, beta=0.75, bias=2, size=3}", 1e15},
                                         Range{"{alpha=1, beta=0.75, bias=1, size=5}", 1e20},
                                         Range{"{alpha=1e-4, beta=0.75, bias=1, size=5}", 1e-20},
                                         Range{"{alpha=1, beta=0.75, bias=0, size=5}", 1e-12},
                                         Range{"{alpha=1, beta=0.75, bias=0, size=5}", 1e-20},
                                         Range{"{alpha=1, beta=0.5, bias=1, size=4}", 1e7},
                                         Range{"{alpha=1, beta=1, bias=1, size=5}", 1e15},
                                         Range{"{alpha=1e30, beta=0.25, bias=1, size=5}", 1e-12},
                                         Range{"{alpha=-1e-3, beta=0.75, bias=1, size=5}", 1},
                                         Range{"{alpha=1, beta=0.75, bias=1, size=101}", 1e7}));

}  // namespace
}  // namespace tenfold::test
