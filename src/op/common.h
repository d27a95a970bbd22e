// What op files share: checks with one wording, shape arithmetic, families of pointwise ops.
#pragma once

#include "tenfold/graph.h"

namespace tenfold::ops {

[[noreturn]] void fail(const std::string& reason);  // Error{kInvalid}
std::string cat(std::initializer_list<std::string_view> parts);

// --- checks ---
void need_rank(const Type& t, std::string_view what, size_t least, size_t most);
void need_same_dtype(const Type& a, const Type& b, std::string_view what);
void need_dim(const Dim& have, const Dim& want, std::string_view what);
bool present(const InferContext& c, size_t input);
// `axis` in [-rank, rank) counted from the front.
size_t normal_axis(int64_t axis, size_t rank);
// Ascending, without repeats; empty `axes`: all of them.
std::vector<size_t> normal_axes(const std::vector<int64_t>& axes, size_t rank);
// Inputs 1 and later, one value a channel: of x's type, as long as its axis 1.
void need_per_channel(const InferContext& c);
Type tensor(DType dtype, Shape shape);

// --- attributes as rows see them (Op::complete) ---
void set_default(Attrs& attrs, const std::string& name, Attr value);
// `axis` (`fallback` if absent) counted from the front.
void complete_axis(Attrs& attrs, int64_t fallback, const Shape& shape);
Attrs complete_conv(Attrs attrs, const std::vector<Shape>& inputs);
Attrs complete_pool(Attrs attrs, const std::vector<Shape>& inputs);

// --- windows ---
// Attributes of convolution and pooling, filled in with defaults.
struct Window {
  std::vector<int64_t> kernel, strides, dilations, pads;  // pads: begins, then ends
};
// `kernel` empty: taken from the attribute, which must be there.
Window window_of(const Attrs& attrs, size_t spatial_rank, std::vector<int64_t> kernel = {});
// Extent of the output along spatial axis k. ceil_mode as in the conventions of pooling:
// 0 floor, 1 ceil with the last window starting inside input or left padding, 2 ceil without that
// clip.
Dim window_extent(const Dim& input, const Window& w, size_t k, int64_t ceil_mode = 0);
std::vector<Op::AttrSlot> pool_attrs();
std::vector<Type> infer_pool(const InferContext& c);
std::vector<Type> infer_global_pool(const InferContext& c);
// Checks the operands of a convolution; its window and its output's channels.
struct ConvShapes {
  Window window;
  Dim channels;
};
ConvShapes conv_shapes(const InferContext& c, bool transposed);

// --- reductions ---
Op reduction(std::string name, std::string doc);
Op arg_extreme(std::string name, std::string doc);  // `doc`: "Index (i64) of the largest value"
Op along_axis(std::string name, std::string doc);  // as Softmax

// --- blocks of pixels ---
// Ops that move blocks between channels and space: `move` turns the input's shape into the
// output's.
Op blocks(std::string name, std::string doc, void (*move)(Shape& shape, int64_t block));
Dim parts(const Dim& d, int64_t unit);  // d / unit, which must leave nothing

// --- quantization ---
void need_scales(const InferContext& c);  // scale as attribute or input, inputs broadcastable to x

// --- pointwise families ---
Op unary(std::string name, ExprOp op, std::string doc);
Op binary(std::string name, ExprOp op, std::string doc);
Op comparison(std::string name, ExprOp op, std::string doc);  // bool result
Op logical(std::string name, ExprOp op, std::string doc);  // of two bools
Op variadic(std::string name, ExprOp op, std::string doc);  // folded from the left
Op identity(std::string name, std::string doc);
// Output has the first input's type.
std::vector<Type> same_type(const InferContext& c);
// All inputs of one element type, broadcast numpy-style.
std::vector<Type> broadcast_all(const InferContext& c);

// --- inner graphs ---
void need_one(const Type& t, DType dtype, std::string_view what);  // a single element of a type
// The types of a body's outputs; its inputs must have exactly the types of what is given to it, and
// its results no size that only the body knows.
std::vector<Type> infer_body(const Graph& body, const std::vector<Type>& given);

// --- shapes as attributes ---
// The shape that Reshape's attributes ask for: `dims` (strings), else `shape` (0 copies, -1
// infers).
Shape reshaped(const Attrs& attrs, const Shape& input);

}  // namespace tenfold::ops
