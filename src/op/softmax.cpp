#include "src/op/common.h"

namespace tenfold::ops {

Op op_Softmax() {
  Op def;
  def.name = "Softmax";
  def.doc = "y = exp(x) / sum(exp(x)) along `axis` (-1 unless given), computed from x - max(x).";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}};
  def.infer = [](const InferContext& c) {
    normal_axis(c.attrs.i("axis", -1), c.inputs[0].shape.size());
    return same_type(c);
  };
  return def;
}

}  // namespace tenfold::ops
