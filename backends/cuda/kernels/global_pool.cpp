// cuda.global_pool: GlobalAveragePool and GlobalMaxPool, lanes over channels where these are
// innermost.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem&, int lane) { return {lane == 1 ? 1 : -1}; }

std::string defines(const Problem& p) {
  const size_t rank = p.inputs[0].dims.size();
  std::string text = "#define CUDART_INF ((real)__int_as_float(0x7f800000))\n#define POOL_MAX ";
  text += p.op == "GlobalMaxPool" ? "1" : "0";
  text += "\n#define RANK_IN " + std::to_string(rank) +
          "\n#define pixel_coordinates(P, n, i) do { int m = n;";
  for (size_t k = rank; k-- > 3;) {
    const std::string s = std::to_string(k);
    text +=
        " { const int q = divide(m, P.h" + s + "); i[" + s + "] = m - q * P.h" + s + ".d; m = q; }";
  }
  return text + " i[2] = m; } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  int64_t pixels = 1;
  for (size_t k = 2; k < p.inputs[0].dims.size(); ++k) {
    pixels *= p.inputs[0].dims[k].value();
    if (k > 2) list.add_divisor("h" + std::to_string(k), p.inputs[0].dims[k].value());
  }
  list.add("pixels", pixels);
}

class GlobalPool final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
    if (x.size() < 3 || y.size() < 2) return Verdict::no("no spatial axes");
    if (!(x[1] == y[1])) return Verdict::no("the output is not one value a channel");
    return {};
  }
  double efficiency(const Problem&) const override { return 0.4; }
};

}  // namespace

std::unique_ptr<Row> cuda_global_pool() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/global_pool.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<GlobalPool>(
      "cuda.global_pool", std::vector<std::string>{"GlobalAveragePool(x)", "GlobalMaxPool(x)"},
      anchor);
}

}  // namespace tenfold::cuda
