#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  Shape a = c.inputs[0].shape, b = c.inputs[1].shape;
  need_rank(c.inputs[0], "input 'a'", 1, SIZE_MAX);
  need_rank(c.inputs[1], "input 'b'", 1, SIZE_MAX);
  need_same_dtype(c.inputs[0], c.inputs[1], "input 'b'");
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), Dim(1));
  if (column) b.push_back(Dim(1));
  need_dim(b[b.size() - 2], a.back(), "the inner dimension of 'b'");
  Shape shape = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!row) shape.push_back(a[a.size() - 2]);
  if (!column) shape.push_back(b.back());
  return {tensor(c.inputs[0].dtype, std::move(shape))};
}

}  // namespace

Op op_MatMul() {
  Op def;
  def.name = "MatMul";
  def.doc =
      "Matrix product of the last two axes; the others broadcast. A vector is a row (a) or column "
      "(b).";
  def.inputs = {{"a"}, {"b"}};
  def.outputs = {{"y"}};
  def.infer = infer;
  return def;
}

}  // namespace tenfold::ops
