#include "src/op/common.h"

namespace tenfold::ops {

Op op_Size() {
  Op def;
  def.name = "Size";
  def.doc =
      "How many elements x has (i64[]): its sizes as a value, those that a run counts included.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.infer = [](const InferContext&) { return std::vector<Type>{tensor(DType::kI64, {})}; };
  return def;
}

}  // namespace tenfold::ops
