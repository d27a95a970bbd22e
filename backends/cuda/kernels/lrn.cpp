// cuda.lrn: local response normalization, across channels and within a channel.
#include <algorithm>
#include <cstdint>

#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem&, int lane) { return {lane}; }

constexpr int64_t kMostInLanes = 16;  // neighbours that wait in registers

bool within(const Problem& p) { return p.attrs.s("region", "across") != "across"; }

// The largest extent that a neighbourhood runs along; beyond it is nothing.
int64_t reach(const Problem& p) {
  const Shape& dims = p.inputs[0].dims;
  int64_t most = 0;
  for (size_t k = within(p) ? 2 : 1; k < (within(p) ? dims.size() : 2); ++k)
    most = std::max(most, dims[k].is_const() ? dims[k].value() : INT32_MAX);
  return most;
}

std::string defines(const Problem& p) {
  const int64_t size = p.attrs.i("size", 5), most = reach(p);
  const auto define = [](const char* name, const std::string& value) {
    return std::string("#define ") + name + " " + value + "\n";
  };
  return define("LRN_BEFORE", std::to_string(std::min((size - 1) / 2, most))) +
         define("LRN_AFTER", std::to_string(std::min(size / 2, most))) +
         define("WITHIN", within(p) ? "1" : "0") +
         define("LRN_IN_LANES", size <= kMostInLanes ? "(LANE_AXIS == 1)" : "0");
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
