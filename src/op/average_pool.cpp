#include "src/op/common.h"

namespace tenfold::ops {

Op op_AveragePool() {
  Op def;
  def.name = "AveragePool";
  def.doc =
      "The mean under each window. Divided by the number of input elements under it or, with "
      "count_include_pad=1, of input and padding elements (what reaches beyond both never counts).";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = pool_attrs();
  def.attrs.push_back({"count_include_pad", "i"});
  def.infer = infer_pool;
  def.complete = [](Attrs attrs, const std::vector<Shape>& inputs) {
    set_default(attrs, "count_include_pad", int64_t{0});
    return complete_pool(std::move(attrs), inputs);
  };
  return def;
}

}  // namespace tenfold::ops
