// Layers that reduce axes.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

// The position (or value, or both) of the largest element: along an axis, or of each whole picture.
// Positions are floats, and of equal elements the last one's, as in Caffe.
CAFFE_LAYER_IMPORT(ArgMax) {
  c.expect(1, 1, 1, 1);
  const ArgMaxParameter& p = c.layer().argmax_param();
  if (p.top_k() != 1)
    LayerContext::unsupported(fmt::format("top_k: {}", p.top_k()),
                              "only the largest element, top_k: 1");
  const Shape dims = c.shape();
  const bool whole = !p.has_axis();
  ValueId x = c.bottom();
  int64_t axis = 1;
  if (!whole) {
    axis = LayerContext::axis(p.axis(), dims.size());
  } else if (dims.size() != 2) {
    x = c.add("Flatten", {x}, {{"axis", int64_t{1}}}, "flatten");
  }
  auto positions = [&](bool last) {
    const ValueId index = c.add(
        "ArgMax", {x},
        {{"axis", axis}, {"keepdims", int64_t{1}}, {"select_last_index", int64_t{1}}}, "index");
    return c.add("Cast", {index}, {{"to", std::string("f32")}}, last ? "" : "position");
  };
  auto values = [&](bool last) {
    return c.add("ReduceMax", {x}, {{"axes", std::vector<int64_t>{axis}}, {"keepdims", int64_t{1}}},
                 last ? "" : "value");
  };
  if (!whole) {
    c.top(p.out_max_val() ? values(true) : positions(true));
    return;
  }
  // [N, 1 or 2, 1], with more axes of size one when the bottom has more than three.
  ValueId y = positions(false);
  if (p.out_max_val()) y = c.add("Concat", {y, values(false)}, {{"axis", int64_t{1}}}, "both");
  Shape to(std::max<size_t>(dims.size(), 3), Dim(1));
  to[0] = dims[0];
  if (p.out_max_val()) to[1] = Dim(2);
  c.top(c.reshape(y, to));
}

// All axes from `axis` on become one number: sum, sum of magnitudes, sum of squares or mean.
CAFFE_LAYER_IMPORT(Reduction) {
  c.expect(1, 1, 1, 1);
  const ReductionParameter& p = c.layer().reduction_param();
  const int64_t axis = LayerContext::axis(p.axis(), c.rank());
  if (axis == 0) c.extent(0, 0);  // summed over the batch: its size has to be known
  std::vector<int64_t> axes;
  for (int64_t k = axis; k < static_cast<int64_t>(c.rank()); ++k) axes.push_back(k);
  ValueId x = c.bottom();
  if (p.operation() == ReductionParameter::ASUM) x = c.add("Abs", {x}, {}, "abs");
  if (p.operation() == ReductionParameter::SUMSQ) x = c.add("Mul", {x, x}, {}, "square");
  const bool mean = p.operation() == ReductionParameter::MEAN;
  const bool scaled = p.coeff() != 1;
  const ValueId y = c.add(mean ? "ReduceMean" : "ReduceSum", {x},
                          {{"axes", axes}, {"keepdims", int64_t{0}}}, scaled ? "sum" : "");
  c.top(scaled ? c.add("Mul", {y, c.scalar("coeff", p.coeff())}) : y);
}

}  // namespace tenfold::caffe
