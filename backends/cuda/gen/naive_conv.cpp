#include "backends/cuda/gen/naive_conv.h"

#include <algorithm>

#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

void params(const Problem& p, ParamList& list) {
  add_input_extents(p, list);
  const int64_t group = p.attrs.i("group", 1);
  list.add("filters", p.outputs[0].dims[1].value());
  list.add("filters_per_group", p.outputs[0].dims[1].value() / group);
  list.add("channels_per_group", p.inputs[0].dims[1].value() / group);
}

class NaiveConv final : public ElementwiseRow {
 public:
  NaiveConv(std::string name, std::vector<std::string> patterns, ElementwiseAnchor anchor,
            size_t filters)
      : ElementwiseRow(std::move(name), std::move(patterns), std::move(anchor)),
        filters_(filters) {}

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes an input and weights");
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    return {};
  }
  double efficiency(const Problem&) const override { return 0.01; }
  // Two dependent loads a product.
  double serial_us(const Problem& p) const override {
    const Extents w = const_extents(p.inputs[1].dims);
    const int64_t products = element_count(w) / std::max<int64_t>(w[filters_], 1);
    return 0.03 * static_cast<double>(products);
  }

 private:
  size_t filters_;
};

}  // namespace

std::unique_ptr<Row> naive_conv(const std::string& name, std::vector<std::string> patterns,
                                size_t filters) {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/" + name + ".cu";
  anchor.params = params;
  anchor.defines = window_defines;
  anchor.vector = false;
  return std::make_unique<NaiveConv>("cuda." + name, std::move(patterns), std::move(anchor),
                                     filters);
}

}  // namespace tenfold::cuda
