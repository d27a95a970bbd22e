// What convolution and pooling share.
#include <algorithm>

#include "src/base/checked.h"
#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<int64_t> numbers(const Attrs& attrs, const char* name, size_t count, int64_t fallback,
                             int64_t least) {
  std::vector<int64_t> v = attrs.ints(name);
  if (v.empty()) v.assign(count, fallback);
  if (v.size() != count)
    fail(cat({"attribute '", name, "' has ", std::to_string(v.size()), " numbers, must have ",
              std::to_string(count)}));
  for (int64_t n : v)
    if (n < least || n > INT32_MAX)
      fail(cat({"attribute '", name, "' holds ", std::to_string(n), ", out of range"}));
  return v;
}

// An empty list is as none.
void complete_list(Attrs& attrs, const char* name, size_t count, int64_t value) {
  if (attrs.ints(name).empty()) attrs.set(name, std::vector<int64_t>(count, value));
}

void complete_window(Attrs& attrs, size_t spatial) {
  complete_list(attrs, "strides", spatial, 1);
  complete_list(attrs, "pads", 2 * spatial, 0);
  complete_list(attrs, "dilations", spatial, 1);
}

}  // namespace

Attrs complete_conv(Attrs attrs, const std::vector<Shape>& inputs) {
  const Shape& weights = inputs.at(1);
  set_default(attrs, "kernel", const_extents({weights.begin() + 2, weights.end()}));
  complete_window(attrs, inputs.at(0).size() - 2);
  set_default(attrs, "group", int64_t{1});
  return attrs;
}

Attrs complete_pool(Attrs attrs, const std::vector<Shape>& inputs) {
  complete_window(attrs, inputs.at(0).size() - 2);
  set_default(attrs, "ceil_mode", int64_t{0});
  return attrs;
}

Window window_of(const Attrs& attrs, size_t spatial_rank, std::vector<int64_t> kernel) {
  Window w;
  if (kernel.empty()) {
    if (attrs.ints("kernel").empty()) fail("attribute 'kernel' is missing");
    kernel = numbers(attrs, "kernel", spatial_rank, 1, 1);
  } else if (attrs.has("kernel") && attrs.ints("kernel") != kernel) {
    fail("attribute 'kernel' contradicts the weights' dimensions");
  }
  for (const int64_t n : kernel)
    if (n < 1 || n > INT32_MAX) fail(cat({"a kernel of ", std::to_string(n), " is out of range"}));
  w.kernel = std::move(kernel);
  w.strides = numbers(attrs, "strides", spatial_rank, 1, 1);
  w.dilations = numbers(attrs, "dilations", spatial_rank, 1, 1);
  w.pads = numbers(attrs, "pads", 2 * spatial_rank, 0, 0);
  return w;
}

Dim window_extent(const Dim& input, const Window& w, size_t k, int64_t ceil_mode) {
  const size_t n = w.kernel.size();
  const int64_t begin = w.pads[k], end = w.pads[n + k], stride = w.strides[k];
  const int64_t span = (w.kernel[k] - 1) * w.dilations[k] + 1;
  const Dim room = input + Dim(begin + end - span);
  // Rounded up, a window may reach beyond an input that is smaller than itself.
  const int64_t least = ceil_mode == 0 ? 0 : 1 - stride;
  if (room.is_const() && room.value() < least)
    fail(cat({"the window (", std::to_string(span), ") is larger than the padded input (",
              std::to_string(room.value() + span), ") along spatial axis ", std::to_string(k)}));
  if (ceil_mode == 0) return floor_div(room, stride) + 1;
  const Dim out = ceil_div(room, stride) + 1;
  if (ceil_mode == 2) return out;
  if (ceil_mode != 1) fail("attribute 'ceil_mode' must be 0, 1 or 2");
  return min(out, ceil_div(input + Dim(begin), stride));
}

std::vector<Op::AttrSlot> pool_attrs() {
  return {{"kernel", "ints", true},
          {"strides", "ints"},
          {"pads", "ints"},
          {"dilations", "ints"},
          {"ceil_mode", "i"}};
}

std::vector<Type> infer_pool(const InferContext& c) {
  const Type& x = c.inputs[0];
  need_rank(x, "the input", 3, SIZE_MAX);
  const size_t spatial = x.shape.size() - 2;
  const Window w = window_of(c.attrs, spatial);
  Shape shape{x.shape[0], x.shape[1]};
  for (size_t k = 0; k < spatial; ++k)
    shape.push_back(window_extent(x.shape[2 + k], w, k, c.attrs.i("ceil_mode", 0)));
  return {tensor(x.dtype, std::move(shape))};
}

std::vector<Type> infer_global_pool(const InferContext& c) {
  const Type& x = c.inputs[0];
  need_rank(x, "the input", 3, SIZE_MAX);
  Shape shape(x.shape.size(), Dim(1));
  shape[0] = x.shape[0];
  shape[1] = x.shape[1];
  return {tensor(x.dtype, std::move(shape))};
}

ConvShapes conv_shapes(const InferContext& c, bool transposed) {
  const Type& x = c.inputs[0];
  const Type& w = c.inputs[1];
  need_rank(x, "the input", 3, 5);
  need_rank(w, "the weights", x.shape.size(), x.shape.size());
  need_same_dtype(x, w, "the weights'");
  const int64_t group = c.attrs.i("group", 1);
  if (group < 1) fail("attribute 'group' must be positive");
  const Dim outer = w.shape[0], inner = w.shape[1] * Dim(group);
  need_dim(x.shape[1], transposed ? outer : inner, "the number of input channels");
  if (!is_const(w.shape)) fail("the weights' dimensions must be numbers");
  const Extents dims = const_extents(w.shape);
  if (dims[0] % group != 0)
    fail(cat({"the number of ", transposed ? "input" : "output",
              " channels is no multiple of 'group'"}));
  ConvShapes shapes{window_of(c.attrs, x.shape.size() - 2, Extents(dims.begin() + 2, dims.end())),
                    transposed ? inner : outer};
  if (present(c, 2)) {
    need_rank(c.inputs[2], "the bias", 1, 1);
    need_same_dtype(x, c.inputs[2], "the bias");
    need_dim(c.inputs[2].shape[0], shapes.channels, "the bias' length");
  }
  return shapes;
}

}  // namespace tenfold::ops
