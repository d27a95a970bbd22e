// cuda.lrn: local response normalization, across channels and within a channel.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem&, int lane) { return {lane}; }

constexpr int64_t kMostInLanes = 16;  // neighbours that wait in registers

bool within(const Problem& p) { return p.attrs.s("region", "across") != "across"; }

std::string defines(const Problem& p) {
  const int64_t size = p.attrs.i("size", 5);
  return "#define LRN_BEFORE " + std::to_string((size - 1) / 2) + "\n#define LRN_AFTER " +
         std::to_string(size / 2) + "\n#define WITHIN " + (within(p) ? "1\n" : "0\n") +
         "#define LRN_IN_LANES (LANE_AXIS == 1 && " + (size <= kMostInLanes ? "1" : "0") + ")\n";
}

void params(const Problem& p, ParamList& list) {
  const double size = static_cast<double>(p.attrs.i("size", 5));
  const Shape& dims = p.inputs[0].dims;
  list.add("channels", dims[1].value());
  list.add("height", dims.size() > 2 ? dims[2].value() : 1);
  list.add("width", dims.size() > 3 ? dims[3].value() : 1);
  list.add_float("bias", p.attrs.f("bias", 1));
  list.add_float("scale", p.attrs.f("alpha", 1e-4) / (within(p) ? size * size : size));
  list.add_float("beta", p.attrs.f("beta", 0.75));
}

class Lrn final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.inputs[0].dims.size() < 2 || p.attrs.i("size", 5) < 1)
      return Verdict::no("no channels or no size");
    if (within(p) && p.inputs[0].dims.size() != 4)
      return Verdict::no("within a channel of a rank that is not 4");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_lrn() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/lrn.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Lrn>("cuda.lrn", std::vector<std::string>{"LRN(x)"}, anchor);
}

}  // namespace tenfold::cuda
