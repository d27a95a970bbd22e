#include "src/op/common.h"

namespace tenfold::ops {

namespace {

void need_same_block(const Dim& d, int64_t unit) {
  if (!(mod(d, unit) == Dim(0)))
    fail("dimension " + d.str() + " is no multiple of " + std::to_string(unit));
}

}  // namespace

Op op_SpaceToDepth() {
  Op def;
  def.name = "SpaceToDepth";
  def.doc =
      "Moves blocks of blocksize x blocksize pixels into channels (block rows, block columns, "
      "channel).";
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
    need_same_block(shape[2], block);
    need_same_block(shape[3], block);
    shape[1] = shape[1] * Dim(block * block);
    shape[2] = floor_div(shape[2], block);
    shape[3] = floor_div(shape[3], block);
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
