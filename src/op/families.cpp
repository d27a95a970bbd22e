// Ops that differ in one detail: pointwise ones, reductions, what runs along an axis, blocks of
// pixels.
#include <algorithm>

#include "src/op/common.h"

namespace tenfold::ops {

namespace {

Op pointwise(std::string name, std::string doc, int inputs) {
  static const char* const kNames[] = {"a", "b", "c"};
  Op def;
  def.name = std::move(name);
  def.doc = std::move(doc);
  for (int k = 0; k < inputs; ++k) def.inputs.push_back({inputs == 1 ? "x" : kNames[k]});
  def.outputs.push_back({"y"});
  return def;
}

}  // namespace

Op unary(std::string name, ExprOp op, std::string doc) {
  Op def = pointwise(std::move(name), std::move(doc), 1);
  def.infer = same_type;
  def.expr = [op](Expr& e, const Attrs&, const std::vector<int>& regs) {
    return e.unary(op, regs[0]);
  };
  return def;
}

Op binary(std::string name, ExprOp op, std::string doc) {
  Op def = pointwise(std::move(name), std::move(doc), 2);
  def.infer = broadcast_all;
  def.expr = [op](Expr& e, const Attrs&, const std::vector<int>& regs) {
    return e.binary(op, regs[0], regs[1]);
  };
  return def;
}

Op comparison(std::string name, ExprOp op, std::string doc) {
  Op def = binary(std::move(name), op, std::move(doc));
  def.infer = [](const InferContext& c) {
    std::vector<Type> types = broadcast_all(c);
    types[0].dtype = DType::kBool;
    return types;
  };
  return def;
}

Op logical(std::string name, ExprOp op, std::string doc) {
  Op def = binary(std::move(name), op, std::move(doc));
  def.infer = [](const InferContext& c) {
    std::vector<Type> types = broadcast_all(c);
    if (types[0].dtype != DType::kBool) fail("takes booleans");
    return types;
  };
  return def;
}

Op variadic(std::string name, ExprOp op, std::string doc) {
  Op def = pointwise(std::move(name), std::move(doc), 1);
  def.inputs = {{"inputs", false, true}};
  def.infer = broadcast_all;
  def.expr = [op](Expr& e, const Attrs&, const std::vector<int>& regs) {
    int r = regs[0];
    for (size_t k = 1; k < regs.size(); ++k) r = e.binary(op, r, regs[k]);
    return r;
  };
  return def;
}

Op identity(std::string name, std::string doc) {
  Op def = pointwise(std::move(name), std::move(doc), 1);
  def.infer = same_type;
  def.expr = [](Expr&, const Attrs&, const std::vector<int>& regs) { return regs[0]; };
  return def;
}

Op reduction(std::string name, std::string doc) {
  Op def;
  def.name = std::move(name);
  def.doc = std::move(doc);
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axes", "ints"}, {"keepdims", "i"}};
  def.infer = [](const InferContext& c) {
    const Type& x = c.inputs[0];
    const std::vector<size_t> axes = normal_axes(c.attrs.ints("axes"), x.shape.size());
    const bool keep = c.attrs.i("keepdims", 1) != 0;
    Shape shape;
    for (size_t k = 0; k < x.shape.size(); ++k) {
      const bool reduced = std::binary_search(axes.begin(), axes.end(), k);
      if (!reduced) shape.push_back(x.shape[k]);
      if (reduced && keep) shape.push_back(1);
    }
    return std::vector<Type>{tensor(x.dtype, std::move(shape))};
  };
  return def;
}

Op arg_extreme(std::string name, std::string doc) {
  Op def;
  def.name = std::move(name);
  def.doc = std::move(doc) +
            " along `axis` (0), the first among equals (the last with select_last_index = 1). "
            "keepdims (1) leaves the axis as 1.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}, {"keepdims", "i"}, {"select_last_index", "i"}};
  def.complete = [](Attrs attrs, const std::vector<Shape>& inputs) {
    complete_axis(attrs, 0, inputs.at(0));
    set_default(attrs, "keepdims", int64_t{1});
    return attrs;
  };
  def.infer = [](const InferContext& c) {
    Shape shape = c.inputs[0].shape;
    const size_t axis = normal_axis(c.attrs.i("axis", 0), shape.size());
    if (c.attrs.i("keepdims", 1) != 0) {
      shape[axis] = 1;
    } else {
      shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
    }
    return std::vector<Type>{tensor(DType::kI64, std::move(shape))};
  };
  return def;
}

Op along_axis(std::string name, std::string doc) {
  Op def;
  def.name = std::move(name);
  def.doc = std::move(doc) + " along `axis` (-1 unless given), computed from x - max(x).";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}};
  def.complete = [](Attrs attrs, const std::vector<Shape>& inputs) {
    complete_axis(attrs, -1, inputs.at(0));
    return attrs;
  };
  def.infer = [](const InferContext& c) {
    normal_axis(c.attrs.i("axis", -1), c.inputs[0].shape.size());
    return same_type(c);
  };
  return def;
}

Op blocks(std::string name, std::string doc, void (*move)(Shape& shape, int64_t block)) {
  Op def;
  def.name = std::move(name);
  def.doc = std::move(doc);
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"blocksize", "i", true}, {"mode", "s"}};
  def.infer = [move](const InferContext& c) {
    need_rank(c.inputs[0], "the input", 4, 4);
    const int64_t block = c.attrs.i("blocksize", 0);
    if (block < 1 || block > 65536) fail("attribute 'blocksize' is out of range");
    const std::string mode = c.attrs.s("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") fail("unknown mode '" + mode + "'");
    Shape shape = c.inputs[0].shape;
    move(shape, block);
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
