// InnerProduct: axes from `axis` on are one row of K numbers; y = x W^T + b with W [M,K] (or
// [K,M]).
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(InnerProduct) {
  c.expect(1, 1, 1, 1);
  const InnerProductParameter& p = c.layer().inner_product_param();
  const int64_t outputs = p.num_output();
  if (outputs <= 0) LayerContext::invalid("num_output must be positive");
  const Shape dims = c.shape();
  const int64_t axis = LayerContext::axis(p.axis(), dims.size());
  Shape outer(dims.begin(), dims.begin() + axis), inner(dims.begin() + axis, dims.end());
  const int64_t k = LayerContext::number(element_count(inner), "the number of inputs");
  ValueId x = c.bottom();
  if (dims.size() != 2 || axis != 1) x = c.add("Flatten", {x}, {{"axis", axis}}, "flatten");
  const Extents weight = p.transpose() ? Extents{k, outputs} : Extents{outputs, k};
  std::vector<ValueId> inputs = {x, c.constant("weight", c.blob(0, weight, Fill::kWeight, k))};
  if (p.bias_term()) inputs.push_back(c.constant("bias", c.blob(1, {outputs}, Fill::kBias)));
  const Attrs attrs = {{"transB", int64_t{p.transpose() ? 0 : 1}}};
  if (axis == 1) {
    c.top(c.add("Gemm", std::move(inputs), attrs));
    return;
  }
  const ValueId y = c.add("Gemm", std::move(inputs), attrs, "gemm");
  outer.emplace_back(outputs);
  c.top(c.reshape(y, outer));
}

}  // namespace tenfold::caffe
