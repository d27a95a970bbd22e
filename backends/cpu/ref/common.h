// What all reference rows share. A reference row is the specification of its op: operands are
// widened to dense row-major float64, the kernel computes the anchor in float64, the Expr is
// evaluated over it, and only stores, casts and pinned types round.
#pragma once

#include <functional>

#include "backends/cpu/access.h"
#include "tenfold/kernel.h"

namespace tenfold::cpu::ref {

// An anchor operand: dense, row-major, in logical axis order. One of the two is set.
struct Source {
  const double* f64 = nullptr;
  const float* f32 = nullptr;  // only where the kernel takes_f32()
};

struct RefArgs {
  std::span<const Source> in;
  std::span<double* const> out;  // dense, row-major
  double* workspace = nullptr;   // workspace_doubles()
  int threads = 1;
};

// The anchor's computation for one bound Problem: what attach keeps. Immutable.
class RefKernel {
 public:
  virtual ~RefKernel() = default;
  virtual int64_t workspace_doubles() const { return 0; }
  // Whether input k may come as float32 in place of float64 (saves memory for weights).
  virtual bool takes_f32(int) const { return false; }
  virtual void run(const RefArgs& args) const noexcept = 0;
};

using MakeKernel = std::unique_ptr<RefKernel> (*)(const Problem& bound, int threads);

struct RefDef {
  std::string op;                      // the row is "ref.<op>"
  std::vector<std::string> patterns;   // empty: op(...)
  MakeKernel make = nullptr;           // null: no anchor
  // Structure that the kernel relies on; null: nothing beyond Problem::verify.
  Verdict (*check)(const Problem& problem) = nullptr;
};
std::unique_ptr<Row> make_ref_row(RefDef def);

// A kernel from a function: `f(const RefArgs&)`, with what it needs captured at attach.
template <typename F>
class FunctionKernel : public RefKernel {
 public:
  FunctionKernel(F f, int64_t workspace) : f_(std::move(f)), workspace_(workspace) {}
  int64_t workspace_doubles() const override { return workspace_; }
  void run(const RefArgs& args) const noexcept override { f_(args); }

 private:
  F f_;
  int64_t workspace_;
};
template <typename F>
std::unique_ptr<RefKernel> kernel_of(F f, int64_t workspace = 0) {
  return std::make_unique<FunctionKernel<F>>(std::move(f), workspace);
}

// ---- helpers of kernels ----

Extents input_dims(const Problem& bound, int k);
Extents output_dims(const Problem& bound, int k = 0);
// "Conv: expects 2 operands of rank >= 3" unless the anchor has this many operands.
Verdict expect_operands(const Problem& problem, int least, int most, int least_rank = 0);
// A possibly negative axis made non-negative; -1 if out of range.
int normal_axis(int64_t axis, size_t rank);
// Product of extents [from, to).
int64_t product(const Extents& dims, size_t from, size_t to);
// Row-major strides in elements.
Extents dense_strides(const Extents& dims);

// Spatial attributes with defaults filled in; `rank` spatial axes.
struct Spatial {
  std::vector<int64_t> kernel, strides, dilations, begin, end;
};
Spatial spatial_of(const Problem& problem, const std::vector<int64_t>& kernel, size_t rank);
// Error text, empty if fine: sizes positive, lengths equal to the number of spatial axes.
std::string spatial_problem(const Problem& problem, size_t rank);

// A problem over (outer, axis, inner) as most ops along one axis see it.
struct AxisView {
  int64_t outer = 1, extent = 1, inner = 1;
};
AxisView axis_view(const Extents& dims, int axis);

}  // namespace tenfold::cpu::ref
