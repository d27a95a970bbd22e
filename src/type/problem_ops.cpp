// check_op: attributes and shapes of the ops whose rows rely on them.
#include <algorithm>
#include <cstdint>

#include "src/base/checked.h"
#include "src/type/op_check.h"

namespace tenfold {
namespace {

// Strides, pads and dilations of a window that slides over the axes from 2 on.
struct Window {
  std::vector<int64_t> kernel, strides, pads, dilations;

  Window(const Check& c, const std::vector<int64_t>& kernel_fallback) {
    c.require(c.in[0].size() >= 3 && c.in[0].size() <= 5, "needs one to three spatial axes");
    const size_t n = c.in[0].size() - 2;
    kernel = c.p.attrs.ints("kernel", kernel_fallback);
    c.require(kernel.size() == n, "'kernel' has the wrong length");
    for (const int64_t k : kernel) c.require(k >= 1 && k <= INT32_MAX, "'kernel' is out of range");
    strides = c.list("strides", n, 1, 1);
    pads = c.list("pads", 2 * n, 0, 0);
    dilations = c.list("dilations", n, 1, 1);
  }
  int64_t reach(size_t k) const { return dilations[k] * (kernel[k] - 1) + 1; }
  int64_t padded(size_t k, int64_t extent) const {
    return checked_add(extent, pads[k] + pads[k + kernel.size()]);
  }
};

void check_conv(const Check& c) {
  c.anchor(2, 3);
  const Extents &x = c.in[0], &w = c.in[1], &y = c.out[0];
  c.require(w.size() == x.size() && y.size() == x.size(),
            "input, weights and output differ in rank");
  c.require(x.size() >= 3, "needs spatial axes");
  const Window win(c, {w.begin() + 2, w.end()});
  const int64_t group = c.p.attrs.i("group", 1);
  c.require(group >= 1, "'group' is out of range");
  c.require(std::equal(win.kernel.begin(), win.kernel.end(), w.begin() + 2),
            "'kernel' is not the weights'");
  const bool transposed = c.p.op == "ConvTranspose";
  const int64_t from = transposed ? w[0] : checked_mul(w[1], group);
  const int64_t to = transposed ? checked_mul(w[1], group) : w[0];
  c.require(x[1] == from && x[1] % group == 0, "channels and weights do not fit");
  c.require(y[0] == x[0] && y[1] == to && to % group == 0, "output channels do not fit");
  for (size_t k = 0; k < win.kernel.size(); ++k) {
    if (transposed) {
      const auto extra = c.list("output_padding", win.kernel.size(), 0, 0);
      const int64_t full =
          checked_add(checked_mul(x[k + 2] - 1, win.strides[k]), win.reach(k) + extra[k]);
      c.require(x[k + 2] == 0 || y[k + 2] == full - win.pads[k] - win.pads[k + win.kernel.size()],
                "the output's extents do not fit");
    } else {
      const int64_t room = win.padded(k, x[k + 2]) - win.reach(k);
      c.require(room >= 0 && y[k + 2] == room / win.strides[k] + 1,
                "the output's extents do not fit");
    }
  }
  if (c.p.anchor_inputs == 3)
    c.require(c.in[2].size() == 1 && c.in[2][0] == to, "the bias has the wrong shape");
}

void check_pool(const Check& c) {
  c.anchor(1, 1);
  const Extents &x = c.in[0], &y = c.out[0];
  const Window win(c, {});
  const int64_t ceil_mode = c.p.attrs.i("ceil_mode", 0);
  c.require(ceil_mode >= 0 && ceil_mode <= 2, "'ceil_mode' is out of range");
  (void)c.p.attrs.i("count_include_pad", 0);
  c.require(y.size() == x.size() && y[0] == x[0] && y[1] == x[1],
            "the output's shape does not fit");
  for (size_t k = 0; k < win.kernel.size(); ++k) {
    const int64_t room = win.padded(k, x[k + 2]) - win.reach(k), stride = win.strides[k];
    c.require(room >= 0 || ceil_mode != 0, "the window is larger than the input");
    const int64_t steps =
        ceil_mode ? checked_floor_div(checked_add(room, stride - 1), stride) : room / stride;
    int64_t extent = checked_add(steps, 1);
    if (ceil_mode == 1 && (extent - 1) * stride >= x[k + 2] + win.pads[k]) --extent;
    c.require(y[k + 2] == extent, "the output's extents do not fit");
  }
}

void check_gemm(const Check& c) {
  c.anchor(2, 3);
  const Extents &a = c.in[0], &b = c.in[1], &y = c.out[0];
  c.require(a.size() == 2 && b.size() == 2 && y.size() == 2, "operands are not matrices");
  const bool ta = c.p.attrs.i("transA", 0) != 0, tb = c.p.attrs.i("transB", 0) != 0;
  (void)c.p.attrs.f("alpha", 1), (void)c.p.attrs.f("beta", 1);
  c.require(a[ta ? 0 : 1] == b[tb ? 1 : 0], "the contracted extents differ");
  c.require(y[0] == a[ta ? 1 : 0] && y[1] == b[tb ? 0 : 1], "the output's shape does not fit");
}

void check_matmul(const Check& c) {
  c.anchor(2, 2);
  Extents a = c.in[0], b = c.in[1], y = c.out[0];
  c.require(!a.empty() && !b.empty(), "operands are scalars");
  if (b.size() == 1) {  // a vector is a column, and the result has no column axis
    b.push_back(1);
    y.push_back(1);
  }
  if (a.size() == 1) {
    a.insert(a.begin(), 1);
    y.insert(y.end() - (y.empty() ? 0 : 1), 1);
  }
  const size_t rank = std::max(a.size(), b.size());
  c.require(y.size() == rank, "the output's rank does not fit");
  c.require(a.back() == b[b.size() - 2], "the contracted extents differ");
  c.require(y[rank - 2] == a[a.size() - 2] && y[rank - 1] == b.back(),
            "the output's shape does not fit");
  for (size_t k = 3; k <= rank; ++k) {  // batch axes, from the last
    const int64_t m = k <= a.size() ? a[a.size() - k] : 1, n = k <= b.size() ? b[b.size() - k] : 1;
    c.require((m == n || m == 1 || n == 1) && y[rank - k] == (m == 1 ? n : m),
              "batch axes do not broadcast");
  }
}

constexpr OpCheck kKnown[] = {
    {"Conv", check_conv},        {"ConvTranspose", check_conv}, {"MaxPool", check_pool},
    {"AveragePool", check_pool}, {"Gemm", check_gemm},          {"MatMul", check_matmul},
};

}  // namespace

void check_op(const Problem& p, const std::vector<Extents>& inputs,
              const std::vector<Extents>& outputs) {
  for (const OpCheck& known : kKnown)
    if (known.op == p.op) return known.check({p, inputs, outputs});
  if (const OpCheck* known = find_movement_check(p.op)) known->check({p, inputs, outputs});
}

}  // namespace tenfold
