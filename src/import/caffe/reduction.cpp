// Reduction: trailing axes become one number.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

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
