// cuda.pool_any: MaxPool and AveragePool whose windows cuda.pool does not take: very large ones,
// and averages that are dilated.
#include "backends/cuda/gen/pool.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

class PoolAny final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    if (unusual_window(p).empty()) return Verdict::no("a window that cuda.pool takes");
    return {};
  }
  double efficiency(const Problem&) const override { return 0.1; }
};

}  // namespace

std::unique_ptr<Row> cuda_pool_any() {
  return std::make_unique<PoolAny>("cuda.pool_any",
                                   std::vector<std::string>{"MaxPool(x)", "AveragePool(x)"},
                                   pool_anchor("kernels/pool_any.cu"));
}

}  // namespace tenfold::cuda
