#include "src/op/common.h"

namespace tenfold::ops {

namespace {

void need_same_block(const Dim& d, int64_t unit) {
  if (!(mod(d, unit) == Dim(0)))
    fail("dimension " + d.str() + " is no multiple of " + std::to_string(unit));
}

}  // namespace

Op op_DepthToSpace() {
  Op def;
  def.name = "DepthToSpace";
  def.doc =
      "Moves blocks of blocksize^2 channels into space. mode: DCR (default) or CRD, as ONNX orders "
      "them.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"blocksize", "i", true}, {"mode", "s"}};
  def.infer = [](const InferContext& c) {
    need_rank(c.inputs[0], "the input", 4, 4);
    Shape shape = c.inputs[0].shape;
    const int64_t block = c.attrs.i("blocksize", 0);
    if (block < 1 || block > 65536) fail("attribute 'blocksize' is out of range");
    const std::string mode = c.attrs.s("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") fail("unknown mode '" + mode + "'");
    need_same_block(shape[1], block * block);
    shape[1] = floor_div(shape[1], block * block);
    shape[2] = shape[2] * Dim(block);
    shape[3] = shape[3] * Dim(block);
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
