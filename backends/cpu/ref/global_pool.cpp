// GlobalAveragePool, GlobalMaxPool: one value per image and channel, over all spatial axes.
#include <limits>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

template <bool kMax>
std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const int64_t planes = product(x, 0, 2), size = product(x, 2, x.size());
  return kernel_of([planes, size](const RefArgs& args) {
    parallel_for(
        planes, 8,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const double* v = args.in[0].f64 + i * size;
            double r = kMax ? -std::numeric_limits<double>::infinity() : 0.0;
            for (int64_t k = 0; k < size; ++k) {
              if constexpr (kMax)
                r = v[k] > r || v[k] != v[k] ? v[k] : r;
              else
                r += v[k];
            }
            args.out[0][i] = kMax ? r : r / static_cast<double>(size);
          }
        },
        args.threads);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 3); !v) return v;
  if (!(element_count(p.outputs[0].dims) == p.inputs[0].dims[0] * p.inputs[0].dims[1]))
    return Verdict::no(p.op + ": the output is not one value per channel");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_global_average_pool() {
  return ref::make_ref_row({"GlobalAveragePool", {"GlobalAveragePool(x)"}, make<false>, check});
}
std::unique_ptr<Row> ref_global_max_pool() {
  return ref::make_ref_row({"GlobalMaxPool", {"GlobalMaxPool(x)"}, make<true>, check});
}

}  // namespace tenfold::cpu
