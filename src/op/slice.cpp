#include <algorithm>

#include "src/op/common.h"

namespace tenfold::ops {

namespace {

// A bound counted from the front and held inside [low, extent + high], or at extent + high where
// that is lower.
Dim bound(int64_t at, const Dim& extent, int64_t low, int64_t high) {
  if (extent.is_const()) {
    const int64_t n = extent.value();
    const int64_t v = at < 0 ? (at < -n ? INT64_MIN : at + n) : at;
    return std::min(std::max(v, low), n + high);
  }
  if (at >= INT32_MAX) return extent + Dim(high);
  if (at >= 0) return at == 0 ? Dim(0) : min(Dim(at), extent + Dim(high));
  if (at <= INT32_MIN) return low;
  return max(extent + Dim(at), Dim(low));
}

Dim sliced(const Dim& extent, int64_t start, int64_t end, int64_t step) {
  if (step == 0) fail("attribute 'steps' holds a zero");
  if (step < -INT32_MAX || step > INT32_MAX) fail("attribute 'steps' is out of range");
  // Going back, -1 is the last element, which an empty axis lacks, and what lies before the first
  // is held at it.
  const int64_t first = start == -1 ? -1 : 0;
  const Dim count =
      step > 0 ? ceil_div(bound(end, extent, 0, 0) - bound(start, extent, 0, 0), step)
               : ceil_div(bound(start, extent, first, -1) - bound(end, extent, -1, -1), -step);
  if (count.is_const()) return std::max<int64_t>(count.value(), 0);
  if (count == extent) return count;
  return step > 0 ? max(count, Dim(0)) : min(max(count, Dim(0)), extent);
}

std::vector<Type> infer(const InferContext& c) {
  Shape shape = c.inputs[0].shape;
  const std::vector<int64_t> starts = c.attrs.ints("starts"), ends = c.attrs.ints("ends");
  std::vector<int64_t> axes = c.attrs.ints("axes"), steps = c.attrs.ints("steps");
  if (axes.empty())
    for (size_t k = 0; k < starts.size(); ++k) axes.push_back(static_cast<int64_t>(k));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    fail("starts, ends, axes and steps differ in length");
  if (starts.empty()) return same_type(c);
  normal_axes(axes, shape.size());
  for (size_t k = 0; k < axes.size(); ++k) {
    Dim& d = shape[normal_axis(axes[k], shape.size())];
    d = sliced(d, starts[k], ends[k], steps[k]);
  }
  return {tensor(c.inputs[0].dtype, std::move(shape))};
}

}  // namespace

Op op_Slice() {
  Op def;
  def.name = "Slice";
  def.doc =
      "Elements starts[k], starts[k]+steps[k], ... before ends[k] along axes[k] (the first ones "
      "unless "
      "given). Negative bounds count from the end, bounds beyond it are held; a negative step goes "
      "back.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {
      {"starts", "ints", true}, {"ends", "ints", true}, {"axes", "ints"}, {"steps", "ints"}};
  def.infer = infer;
  return def;
}

}  // namespace tenfold::ops
