// LRN: y = x / (bias + alpha / n * sum of x^2 over a neighbourhood)^beta. Across channels (default)
// the neighbourhood is `size` channels, n = size; with region = "within" it is size x size pixels
// of the channel, n = size^2 (zeros beyond the border count).
#include <algorithm>
#include <cmath>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

struct Lrn {
  int64_t images, channels, height, width, size;
  double alpha, beta, bias;
  bool within;

  double sum_across(const double* x, int64_t c, int64_t at, int64_t plane) const {
    const int64_t from = std::max<int64_t>(0, c - (size - 1) / 2);
    const int64_t to = std::min(channels - 1, c + size / 2);
    double sum = 0;
    for (int64_t k = from; k <= to; ++k) sum += x[k * plane + at] * x[k * plane + at];
    return sum;
  }
  double sum_within(const double* x, int64_t c, int64_t at) const {
    const double* plane = x + c * height * width;
    const int64_t y = at / width, col = at % width, before = (size - 1) / 2, after = size / 2;
    double sum = 0;
    for (int64_t i = std::max<int64_t>(0, y - before); i <= std::min(height - 1, y + after); ++i)
      for (int64_t j = std::max<int64_t>(0, col - before); j <= std::min(width - 1, col + after);
           ++j)
        sum += plane[i * width + j] * plane[i * width + j];
    return sum;
  }
  void operator()(const RefArgs& args) const {
    const int64_t plane = height * width;
    const double scale = alpha / static_cast<double>(within ? size * size : size);
    parallel_for(
        images * channels, 1,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const double* x = args.in[0].f64 + i / channels * channels * plane;
            const int64_t c = i % channels;
            for (int64_t at = 0; at < plane; ++at) {
              const double sum = within ? sum_within(x, c, at) : sum_across(x, c, at, plane);
              args.out[0][i * plane + at] = x[c * plane + at] / std::pow(bias + scale * sum, beta);
            }
          }
        },
        args.threads);
  }
};

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const Attrs& a = p.attrs;
  Lrn lrn{x[0],
          x[1],
          1,
          1,
          a.i("size", 5),
          a.f("alpha", 1e-4),
          a.f("beta", 0.75),
          a.f("bias", 1),
          a.s("region", "across") != "across"};
  lrn.width = x.size() > 2 ? x.back() : 1;
  lrn.height = x.size() > 3 ? product(x, 2, x.size() - 1) : 1;
  return kernel_of(lrn);
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 2); !v) return v;
  if (p.attrs.i("size", 5) < 1) return Verdict::no("LRN: size is not positive");
  if (p.attrs.s("region", "across") != "across" && p.inputs[0].dims.size() != 4)
    return Verdict::no("LRN: within a channel it needs four axes");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_lrn() { return ref::make_ref_row({"LRN", {"LRN(x)"}, make, check}); }

}  // namespace tenfold::cpu
