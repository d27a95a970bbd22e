// Checks of ops that move, reduce or normalize values.
#include <algorithm>

#include "src/base/checked.h"
#include "src/type/op_check.h"

namespace tenfold {
namespace {

void check_same(const Check& c) {
  c.anchor(1, 1);
  c.require(c.out[0] == c.in[0], "input and output differ in shape");
}

void check_lrn(const Check& c) {
  check_same(c);
  c.require(c.in[0].size() >= 2, "needs two axes or more");
  const int64_t size = c.p.attrs.i("size", 5);
  c.require(size >= 1 && size <= INT32_MAX, "'size' is out of range");
}

void check_softmax(const Check& c) {
  check_same(c);
  c.require(!c.in[0].empty(), "needs an axis");
  (void)c.axis(c.p.attrs.i("axis", -1), c.in[0].size());
}

void check_batch_norm(const Check& c) {
  c.anchor(5, 5);
  c.require(c.in[0].size() >= 2 && c.out[0] == c.in[0], "the output's shape does not fit");
  for (size_t k = 1; k < 5; ++k)
    c.require(c.in[k].size() == 1 && c.in[k][0] == c.in[0][1], "a parameter has the wrong shape");
}

void check_global_pool(const Check& c) {
  c.anchor(1, 1);
  const Extents &x = c.in[0], &y = c.out[0];
  c.require(x.size() >= 3 && y.size() == x.size() && y[0] == x[0] && y[1] == x[1],
            "the output's shape does not fit");
  c.require(std::all_of(y.begin() + 2, y.end(), [](int64_t d) { return d == 1; }),
            "the output's shape does not fit");
}

// Whether `piece` agrees with `whole` on all axes but one.
void require_slice(const Check& c, const Extents& piece, const Extents& whole, size_t axis) {
  c.require(piece.size() == whole.size(), "operands differ in rank");
  for (size_t k = 0; k < whole.size(); ++k)
    c.require(k == axis || piece[k] == whole[k], "operands differ beside the axis");
}

void check_concat(const Check& c) {
  c.require(c.p.anchor_inputs >= 1, "has no inputs");
  c.require(!c.out[0].empty(), "needs an axis");
  const size_t axis = c.axis(c.p.attrs.i("axis", 0), c.out[0].size());
  int64_t sum = 0;
  for (size_t k = 0; k < static_cast<size_t>(c.p.anchor_inputs); ++k) {
    require_slice(c, c.in[k], c.out[0], axis);
    sum = checked_add(sum, c.in[k][axis]);
  }
  c.require(sum == c.out[0][axis], "the inputs do not fill the output");
}

void check_split(const Check& c) {
  c.anchor(1, 1);
  c.require(!c.in[0].empty(), "needs an axis");
  const size_t axis = c.axis(c.p.attrs.i("axis", 0), c.in[0].size());
  int64_t sum = 0;
  for (const Extents& piece : c.out) {
    require_slice(c, piece, c.in[0], axis);
    sum = checked_add(sum, piece[axis]);
  }
  c.require(sum == c.in[0][axis], "the outputs do not cover the input");
}

// Elements from start towards end, by step.
int64_t slice_extent(int64_t extent, int64_t start, int64_t end, int64_t step) {
  const auto place = [&](int64_t at, int64_t low, int64_t high) {
    if (at < 0) at = at < -extent ? -1 : at + extent;
    return std::clamp(at, low, std::max(low, high));
  };
  if (step > 0) {
    const int64_t from = place(start, 0, extent), to = place(end, 0, extent);
    return to > from ? (to - from - 1) / step + 1 : 0;
  }
  const int64_t from = place(start, 0, extent - 1), to = place(end, -1, extent - 1);
  return extent > 0 && from > to ? (from - to - 1) / -step + 1 : 0;
}

void check_slice(const Check& c) {
  c.anchor(1, 1);
  const Extents& x = c.in[0];
  const auto starts = c.p.attrs.ints("starts"), ends = c.p.attrs.ints("ends");
  const auto axes = c.p.attrs.ints("axes"), steps = c.p.attrs.ints("steps");
  c.require(starts.size() == ends.size() && starts.size() <= x.size(),
            "'starts' and 'ends' do not fit");
  c.require(axes.empty() || axes.size() == starts.size(), "'axes' has the wrong length");
  c.require(steps.empty() || steps.size() == starts.size(), "'steps' has the wrong length");
  Extents y = x;
  std::vector<bool> seen(x.size());
  for (size_t k = 0; k < starts.size(); ++k) {
    const size_t axis = c.axis(axes.empty() ? static_cast<int64_t>(k) : axes[k], x.size());
    const int64_t step = steps.empty() ? 1 : steps[k];
    c.require(step != 0 && step > -INT32_MAX && step < INT32_MAX, "a step is out of range");
    c.require(!seen[axis], "an axis is given twice");
    seen[axis] = true;
    y[axis] = slice_extent(x[axis], starts[k], ends[k], step);
  }
  c.require(c.out[0] == y, "the output's shape does not fit");
}

void check_view(const Check& c) {
  c.anchor(1, 1);
  c.require(element_count(c.in[0]) == element_count(c.out[0]), "input and output differ in size");
}

void check_transpose(const Check& c) {
  c.anchor(1, 1);
  const size_t rank = c.in[0].size();
  auto perm = c.p.attrs.ints("perm");
  if (perm.empty())
    for (size_t k = rank; k-- > 0;) perm.push_back(static_cast<int64_t>(k));
  c.require(perm.size() == rank && c.out[0].size() == rank, "'perm' has the wrong length");
  std::vector<bool> seen(rank);
  for (size_t k = 0; k < rank; ++k) {
    const size_t from = c.axis(perm[k], rank);
    c.require(!seen[from], "'perm' is no permutation");
    seen[from] = true;
    c.require(c.out[0][k] == c.in[0][from], "the output's shape does not fit");
  }
}

void check_pad(const Check& c) {
  c.anchor(1, 1);
  const size_t rank = c.in[0].size();
  const auto pads = c.p.attrs.ints("pads");
  c.require(pads.size() == 2 * rank && c.out[0].size() == rank, "'pads' has the wrong length");
  for (size_t k = 0; k < rank; ++k)
    c.require(c.out[0][k] == checked_add(c.in[0][k], checked_add(pads[k], pads[k + rank])),
              "the output's shape does not fit");
}

void check_reduced(const Check& c, const std::vector<int64_t>& axes, bool keep) {
  const Extents& x = c.in[0];
  std::vector<bool> reduced(x.size(), axes.empty());
  for (const int64_t a : axes) reduced[c.axis(a, x.size())] = true;
  Extents y;
  for (size_t k = 0; k < x.size(); ++k) {
    if (!reduced[k])
      y.push_back(x[k]);
    else if (keep)
      y.push_back(1);
  }
  c.require(c.out[0] == y, "the output's shape does not fit");
}

void check_reduce(const Check& c) {
  c.anchor(1, 1);
  check_reduced(c, c.p.attrs.ints("axes"), c.p.attrs.i("keepdims", 1) != 0);
}

void check_arg_max(const Check& c) {
  c.anchor(1, 1);
  check_reduced(c, {c.p.attrs.i("axis", 0)}, c.p.attrs.i("keepdims", 1) != 0);
}

constexpr OpCheck kKnown[] = {
    {"Convert", check_same},
    {"Identity", check_same},
    {"LRN", check_lrn},
    {"Softmax", check_softmax},
    {"LogSoftmax", check_softmax},
    {"BatchNormalization", check_batch_norm},
    {"GlobalAveragePool", check_global_pool},
    {"GlobalMaxPool", check_global_pool},
    {"Concat", check_concat},
    {"Split", check_split},
    {"Slice", check_slice},
    {"Reshape", check_view},
    {"Flatten", check_view},
    {"Squeeze", check_view},
    {"Unsqueeze", check_view},
    {"Transpose", check_transpose},
    {"Pad", check_pad},
    {"ArgMax", check_arg_max},
    {"ArgMin", check_arg_max},
};

}  // namespace

const OpCheck* find_movement_check(std::string_view op) {
  static constexpr OpCheck kReduce{"Reduce", check_reduce};
  if (op.starts_with("Reduce")) return &kReduce;
  for (const OpCheck& known : kKnown)
    if (known.op == op) return &known;
  return nullptr;
}

}  // namespace tenfold
