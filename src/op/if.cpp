#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  need_one(c.inputs[0], DType::kBool, "the condition");
  const std::vector<Type> given(c.inputs.begin() + 1, c.inputs.end());
  const std::vector<Type> taken = infer_body(*c.graphs[0], given);
  const std::vector<Type> other = infer_body(*c.graphs[1], given);
  if (taken.size() != static_cast<size_t>(c.outputs) || other.size() != taken.size())
    fail(cat({"the bodies have ", std::to_string(taken.size()), " and ",
              std::to_string(other.size()), " outputs, the node ", std::to_string(c.outputs)}));
  for (size_t k = 0; k < taken.size(); ++k)
    if (!(taken[k] == other[k]))
      fail(cat({"output ", std::to_string(k), " is ", taken[k].str(), " or ", other[k].str()}));
  return taken;
}

}  // namespace

Op op_If() {
  Op def;
  def.name = "If";
  def.doc =
      "The outputs of the first body where the condition (one bool) is true, else those of the "
      "second. The other inputs are given to both bodies, which see nothing else.";
  def.inputs = {{"condition"}, {"captured", true, true}};
  def.outputs = {{"outputs", false, true}};
  def.graphs = 2;
  def.infer = infer;
  return def;
}

}  // namespace tenfold::ops
