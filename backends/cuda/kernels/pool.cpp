// cuda.pool: MaxPool and AveragePool in any layout; the window's sizes are literals.
#include "backends/cuda/gen/pool.h"

#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

class Pool final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    if (const std::string why = unusual_window(p); !why.empty()) return Verdict::no(why);
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_pool() {
  return std::make_unique<Pool>("cuda.pool",
                                std::vector<std::string>{"MaxPool(x)", "AveragePool(x)"},
                                pool_anchor("kernels/pool.cu"));
}

}  // namespace tenfold::cuda
