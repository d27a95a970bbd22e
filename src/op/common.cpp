#include "src/op/common.h"

#include <algorithm>

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

}  // namespace tenfold::ops
