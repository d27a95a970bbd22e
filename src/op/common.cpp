#include "src/op/common.h"

#include <algorithm>

#include "src/base/checked.h"

namespace tenfold::ops {

void fail(const std::string& reason) { throw Error(Code::kInvalid, reason); }

std::string cat(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view p : parts) out += p;
  return out;
}

Type tensor(DType dtype, Shape shape) { return Type{ValueKind::kTensor, dtype, std::move(shape)}; }

bool present(const InferContext& c, size_t input) {
  return input < c.inputs.size() && c.inputs[input].dtype != DType::kUndefined;
}

void need_rank(const Type& t, std::string_view what, size_t least, size_t most) {
  const size_t rank = t.shape.size();
  if (rank >= least && rank <= most) return;
  std::string range = std::to_string(least);
  if (most == SIZE_MAX) {
    range += " or more";
  } else if (most != least) {
    range += " to " + std::to_string(most);
  }
  fail(cat({what, " must have ", range, " dimensions, it is ", t.str()}));
}

void need_same_dtype(const Type& a, const Type& b, std::string_view what) {
  if (a.dtype != b.dtype)
    fail(cat({what, " has type ", to_string(b.dtype), ", the first input ", to_string(a.dtype)}));
}

void need_dim(const Dim& have, const Dim& want, std::string_view what) {
  if (!(have == want)) fail(cat({what, " is ", have.str(), ", must be ", want.str()}));
}

void need_per_channel(const InferContext& c) {
  for (size_t k = 1; k < c.inputs.size(); ++k) {
    need_rank(c.inputs[k], "a per-channel input", 1, 1);
    need_same_dtype(c.inputs[0], c.inputs[k], "a per-channel input");
    need_dim(c.inputs[k].shape[0], c.inputs[0].shape[1], "a per-channel input's length");
  }
}

void set_default(Attrs& attrs, const std::string& name, Attr value) {
  if (!attrs.has(name)) attrs.set(name, std::move(value));
}

void complete_axis(Attrs& attrs, int64_t fallback, const Shape& shape) {
  const int64_t axis = attrs.i("axis", fallback);
  attrs.set("axis", axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis);
}

size_t normal_axis(int64_t axis, size_t rank) {
  const int64_t r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r)
    fail(cat({"axis ", std::to_string(axis), " does not exist in ", std::to_string(rank),
              " dimensions"}));
  return static_cast<size_t>(axis < 0 ? axis + r : axis);
}

std::vector<size_t> normal_axes(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<size_t> out;
  if (axes.empty())
    for (size_t k = 0; k < rank; ++k) out.push_back(k);
  for (int64_t a : axes) out.push_back(normal_axis(a, rank));
  std::sort(out.begin(), out.end());
  if (std::adjacent_find(out.begin(), out.end()) != out.end()) fail("an axis is given twice");
  return out;
}

std::vector<Type> same_type(const InferContext& c) {
  return std::vector<Type>(static_cast<size_t>(c.outputs), c.inputs.at(0));
}

std::vector<Type> broadcast_all(const InferContext& c) {
  Shape shape = c.inputs.at(0).shape;
  for (size_t k = 1; k < c.inputs.size(); ++k) {
    need_same_dtype(c.inputs[0], c.inputs[k], "input " + std::to_string(k));
    shape = broadcast(shape, c.inputs[k].shape);
  }
  return {tensor(c.inputs[0].dtype, std::move(shape))};
}

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

Dim parts(const Dim& d, int64_t unit) {
  if (!(mod(d, unit) == Dim(0)))
    fail("dimension " + d.str() + " is no multiple of " + std::to_string(unit));
  return floor_div(d, unit);
}

void need_scales(const InferContext& c) {
  if (present(c, 1) == c.attrs.has("scale")) fail("needs either attribute or input 'scale'");
  for (size_t k = 1; k < c.inputs.size(); ++k)
    if (present(c, k) && !(broadcast(c.inputs[0].shape, c.inputs[k].shape) == c.inputs[0].shape))
      fail("scale and zero point must broadcast to the input");
}

namespace {

// The dimension that makes `out` (where it stands as 1) hold as many elements as `input`.
Dim inferred(const Shape& input, const Shape& out) {
  Shape rest = input;
  Dim divisor = 1;
  for (const Dim& d : out) {
    auto same = std::find(rest.begin(), rest.end(), d);
    if (same != rest.end() && !(d.is_const() && d.value() == 0)) {
      rest.erase(same);
    } else {
      divisor = divisor * d;
    }
  }
  int64_t number = 1;
  Dim symbolic = 1;
  for (const Dim& d : rest) {
    if (d.is_const()) {
      number = checked_mul(number, d.value());
    } else {
      symbolic = symbolic * d;
    }
  }
  if (divisor.is_const()) {
    if (divisor.value() == 0) fail("a dimension cannot be inferred beside one that is 0");
    if (number % divisor.value() == 0) return symbolic * Dim(number / divisor.value());
  }
  return floor_div(symbolic * Dim(number), divisor);
}

}  // namespace

Shape reshaped(const Attrs& attrs, const Shape& input) {
  Shape out;
  if (attrs.has("dims")) {
    for (const std::string& d : attrs.strings("dims")) out.push_back(Dim::parse(d));
    if (!(element_count(out) == element_count(input)))
      fail(cat({"cannot reshape [", str(input), "] to [", str(out), "]: element counts differ"}));
    return out;
  }
  const std::vector<int64_t> wanted = attrs.ints("shape");
  int infer_at = -1;
  for (size_t k = 0; k < wanted.size(); ++k) {
    if (wanted[k] == -1) {
      if (infer_at >= 0) fail("attribute 'shape' has more than one -1");
      infer_at = static_cast<int>(k);
      out.push_back(1);
    } else if (wanted[k] == 0) {
      if (k >= input.size()) fail("attribute 'shape' copies a dimension that the input lacks");
      out.push_back(input[k]);
    } else if (wanted[k] > 0) {
      out.push_back(wanted[k]);
    } else {
      fail("attribute 'shape' holds a number below -1");
    }
  }
  if (infer_at >= 0) out[static_cast<size_t>(infer_at)] = inferred(input, out);
  if (!(element_count(out) == element_count(input)))
    fail(cat({"cannot reshape [", str(input), "] to [", str(out), "]: element counts differ"}));
  return out;
}

}  // namespace tenfold::ops
