// ArgMax: the largest elements and where they stand.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

namespace {

// The `k` largest elements along an axis, largest first, and where they stand: positions are
// floats, and among equal elements the last comes first, as in Caffe.
struct Largest {
  LayerContext& c;
  ValueId values, at;
  int64_t last = -1;  // `at` counts from the axis' end: this is the position of 0

  Largest(LayerContext& context, ValueId x, int64_t axis, int64_t k, bool want_values)
      : c(context) {
    const int64_t count =
        LayerContext::number(c.shape_of(x)[static_cast<size_t>(axis)], "the axis of ArgMax");
    if (k < 1 || k > count)
      LayerContext::invalid(fmt::format("top_k: {} of {} elements", k, count));
    using Ints = std::vector<int64_t>;
    if (k == 1) {
      at = c.add("ArgMax", {x},
                 {{"axis", axis}, {"keepdims", int64_t{1}}, {"select_last_index", int64_t{1}}},
                 "index");
      if (want_values)
        values = c.add("ReduceMax", {x}, {{"axes", Ints{axis}}, {"keepdims", int64_t{1}}}, "value");
      return;
    }
    // TopK puts the first of equals first: the axis is turned round.
    last = count - 1;
    const ValueId reversed = c.add("Slice", {x},
                                   {{"starts", Ints{-1}},
                                    {"ends", Ints{-count - 1}},
                                    {"axes", Ints{axis}},
                                    {"steps", Ints{-1}}},
                                   "reversed");
    const std::vector<ValueId> both =
        c.add_multi("TopK", {reversed}, 2, {{"k", k}, {"axis", axis}}, "largest");
    values = both[0];
    at = both[1];
  }

  ValueId positions(const std::string& suffix = {}) const {
    const Attrs to_float{{"to", std::string("f32")}};
    if (last < 0) return c.add("Cast", {at}, to_float, suffix);
    const ValueId from_end = c.add("Cast", {at}, to_float, "cast");
    return c.add("Sub", {c.scalar("last", static_cast<double>(last)), from_end}, {}, suffix);
  }
};

}  // namespace

// The positions (or values, or both) of the largest elements: along an axis, or of each whole
// picture.
CAFFE_LAYER_IMPORT(ArgMax) {
  c.expect(1, 1, 1, 1);
  const ArgMaxParameter& p = c.layer().argmax_param();
  const Shape dims = c.shape();
  const int64_t k = p.top_k();
  if (p.has_axis()) {
    const int64_t axis = LayerContext::axis(p.axis(), dims.size());
    if (k == 1 && p.out_max_val()) {
      c.top(c.add("ReduceMax", {c.bottom()},
                  {{"axes", std::vector<int64_t>{axis}}, {"keepdims", int64_t{1}}}));
      return;
    }
    const Largest largest(c, c.bottom(), axis, k, p.out_max_val());
    c.top(p.out_max_val() ? largest.values : largest.positions());
    return;
  }
  ValueId x = c.bottom();
  if (dims.size() != 2) x = c.add("Flatten", {x}, {{"axis", int64_t{1}}}, "flatten");
  const Largest largest(c, x, 1, k, p.out_max_val());
  ValueId y = largest.positions("position");
  if (p.out_max_val()) y = c.add("Concat", {y, largest.values}, {{"axis", int64_t{1}}}, "both");
  // [N, 1 or 2, top_k], with more axes of size one when the bottom has more than three.
  Shape to(std::max<size_t>(dims.size(), 3), Dim(1));
  to[0] = dims[0];
  if (p.out_max_val()) to[1] = Dim(2);
  to[2] = Dim(k);
  c.top(c.reshape(y, to));
}

}  // namespace tenfold::caffe
