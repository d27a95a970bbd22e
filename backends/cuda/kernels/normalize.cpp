// cuda.normalize: InstanceNormalization and LayerNormalization, a block a row of what shares a
// mean.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

bool layer(const Problem& p) { return p.op == "LayerNormalization"; }

// The first of the axes that share a mean; -1: out of range.
int first_axis(const Problem& p) {
  return layer(p) ? axis_of(p.attrs.i("axis", -1), p.inputs[0].dims.size()) : 2;
}

std::vector<int> row_axes(const Problem& p) {
  std::vector<int> axes;
  for (int k = first_axis(p); k < static_cast<int>(p.inputs[0].dims.size()); ++k) axes.push_back(k);
  return axes;
}

// The output's axis under axis `d` of a parameter: channels, or aligned with the last.
size_t output_axis(const Problem& p, size_t k, size_t d) {
  return layer(p) ? p.outputs[0].dims.size() - p.inputs[k].dims.size() + d : 1;
}

// "#define scale_place(o, i) ..." for parameter k.
std::string place(const Problem& p, size_t k, const std::string& name) {
  const Shape& dims = p.inputs[k].dims;
  std::string text = "#define " + name + "_place(o, i) do { i[0] = 0;";
  for (size_t d = 0; d < dims.size(); ++d)
    text += " i[" + std::to_string(d) +
            "] = " + (is_one(dims[d]) ? "0" : "o.d[" + std::to_string(output_axis(p, k, d)) + "]") +
            ";";
  return text + " } while (0)\n";
}

std::string defines(const Problem& p) {
  const auto rank = [&](const char* name, size_t k) {
    return std::string("#define ") + name + "_RANK " +
           std::to_string(std::max<size_t>(p.inputs[k].dims.size(), 1)) + "\n";
  };
  std::string text = rank("SCALE", 1) + place(p, 1, "scale");
  if (p.anchor_inputs > 2) text += rank("SHIFT", 2) + place(p, 2, "shift");
  return text + "#define SHIFTED " + (p.anchor_inputs > 2 ? "1\n" : "0\n");
}

void params(const Problem& p, ParamList& list) {
  list.add_float("epsilon", p.attrs.f("epsilon", 1e-5));
}

class Normalize final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;
  // Rows of a channels-last picture are not consecutive: row-major comes first.
  std::vector<FormatTuple> formats(const Problem& p, const Target&,
                                   TypeSet permitted) const override {
    std::vector<FormatTuple> tuples = uniform_formats(p, permitted, false);
    for (const FormatTuple& tuple : uniform_formats(p, permitted))
      if (tuples.size() < 8 && std::find(tuples.begin(), tuples.end(), tuple) == tuples.end())
        tuples.push_back(tuple);
    return tuples;
  }

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs < (layer(p) ? 2 : 3) || p.anchor_inputs > 3)
      return Verdict::no("it takes x, scale and shift");
    const Shape& x = p.inputs[0].dims;
    if (!(p.outputs[0].dims == x)) return Verdict::no("input and output differ in extents");
    if (layer(p) ? first_axis(p) < 0 : x.size() < 3) return Verdict::no("axis is out of range");
    for (size_t k = 1; k < static_cast<size_t>(p.anchor_inputs); ++k) {
      const Shape& dims = p.inputs[k].dims;
      if (layer(p) ? dims.size() > x.size() : dims.size() != 1)
        return Verdict::no("a parameter of another rank");
      for (size_t d = 0; d < dims.size(); ++d)
        if (!(dims[d] == x[output_axis(p, k, d)]) && !(layer(p) && is_one(dims[d])))
          return Verdict::no("a parameter of other extents");
    }
    return {};
  }
  double efficiency(const Problem& p) const override {
    const std::vector<int> row = row_axes(p);
    const int inner = inner_axis(p.outputs[0]);
    return std::find(row.begin(), row.end(), inner) != row.end() ? 0.3 : 0.05;
  }
};

}  // namespace

std::unique_ptr<Row> cuda_normalize() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/normalize.cu";
  anchor.own_element = true;
  anchor.params = params;
  anchor.defines = defines;
  anchor.row_axes = row_axes;
  return std::make_unique<Normalize>(
      "cuda.normalize",
      std::vector<std::string>{"InstanceNormalization(x, s, b)", "LayerNormalization(x, s)"},
      anchor);
}

}  // namespace tenfold::cuda
