// cuda.resize: nearest and linear resampling of one to three spatial axes.
#include "backends/cuda/gen/elementwise.h"
#include "src/base/scanner.h"

namespace tenfold::cuda {
namespace {

int index_in(std::initializer_list<const char*> names, const std::string& name) {
  int k = 0;
  for (const char* known : names) {
    if (name == known) return k;
    ++k;
  }
  return -1;
}

int coordinates_of(const Problem& p) {
  return index_in({"half_pixel", "asymmetric", "align_corners"},
                  p.attrs.s("coordinates", "half_pixel"));
}
int rounding_of(const Problem& p) {
  return index_in({"floor", "ceil", "round_prefer_ceil", "round_prefer_floor"},
                  p.attrs.s("rounding", "round_prefer_floor"));
}
bool linear(const Problem& p) { return p.attrs.s("mode", "nearest") == "linear"; }

std::string defines(const Problem& p) {
  const auto scales = p.attrs.floats("scales");
  std::string text = "#define COORDINATES " + std::to_string(coordinates_of(p)) +
                     "\n#define ROUNDING " + std::to_string(rounding_of(p)) + "\n#define LINEAR " +
                     (linear(p) ? "1" : "0") + "\n#define resize_taps(P, d, taps) do {";
  for (size_t k = 2; k < p.inputs[0].dims.size(); ++k) {
    const std::string n = std::to_string(k), t = std::to_string(k - 2);
    std::string scale = "(double)P.to" + n + " / (double)P.from" + n;
    if (!scales.empty()) scale = shortest_real(scales[k - 2]);
    text +=
        " taps[" + t + "] = tap_of(d[" + n + "], P.from" + n + ", P.to" + n + ", " + scale + ");";
  }
  return text + " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  for (size_t k = 2; k < p.inputs[0].dims.size(); ++k) {
    const int64_t from = p.inputs[0].dims[k].value(), to = p.outputs[0].dims[k].value();
    if (from < 1 && to > 0) throw Error(Code::kInvalid, "Resize: the input has no element");
    list.add("from" + std::to_string(k), from);
    list.add("to" + std::to_string(k), to);
  }
}

class Resize final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
    if (x.size() < 3 || x.size() > 5 || y.size() != x.size() || !(x[0] == y[0]) || !(x[1] == y[1]))
      return Verdict::no("it changes one to three spatial axes only");
    const std::string mode = p.attrs.s("mode", "nearest");
    if (mode != "nearest" && mode != "linear") return Verdict::no("mode " + mode);
    if (coordinates_of(p) < 0) return Verdict::no("coordinates " + p.attrs.s("coordinates", ""));
    if (rounding_of(p) < 0) return Verdict::no("rounding " + p.attrs.s("rounding", ""));
    const auto scales = p.attrs.floats("scales");
    if (!scales.empty() && scales.size() != x.size() - 2)
      return Verdict::no("scales of another rank");
    for (const double s : scales)
      if (!(s > 0 && s < 1e9)) return Verdict::no("a scale is out of range");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_resize() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/resize.cu";
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Resize>("cuda.resize", std::vector<std::string>{"Resize(x)"}, anchor);
}

}  // namespace tenfold::cuda
