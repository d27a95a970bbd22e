#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& a = c.inputs[0];
  const Type& b = c.inputs[1];
  need_rank(a, "input 'a'", 2, 2);
  need_rank(b, "input 'b'", 2, 2);
  need_same_dtype(a, b, "input 'b'");
  const bool ta = c.attrs.i("transA", 0) != 0, tb = c.attrs.i("transB", 0) != 0;
  need_dim(b.shape[tb ? 1 : 0], a.shape[ta ? 0 : 1], "the inner dimension of 'b'");
  const Shape shape{a.shape[ta ? 1 : 0], b.shape[tb ? 0 : 1]};
  if (present(c, 2)) {
    need_same_dtype(a, c.inputs[2], "input 'c'");
    if (!(broadcast(shape, c.inputs[2].shape) == shape))
      fail("input 'c' does not broadcast to the product");
  }
  return {tensor(a.dtype, shape)};
}

}  // namespace

Op op_Gemm() {
  Op def;
  def.name = "Gemm";
  def.doc =
      "y = alpha * op(a) op(b) + beta * c for matrices; op transposes where transA or transB is 1. "
      "c "
      "broadcasts to the product. alpha and beta are 1 unless given.";
  def.inputs = {{"a"}, {"b"}, {"c", true}};
  def.outputs = {{"y"}};
  def.attrs = {{"transA", "i"}, {"transB", "i"}, {"alpha", "f"}, {"beta", "f"}};
  def.infer = infer;
  def.complete = [](Attrs attrs, const std::vector<Shape>&) {
    set_default(attrs, "transA", int64_t{0});
    set_default(attrs, "transB", int64_t{0});
    return attrs;
  };
  return def;
}

}  // namespace tenfold::ops
