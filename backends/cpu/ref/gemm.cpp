// Gemm: y = alpha * op(a) op(b) (+ beta * c), op(a) is [M,K], op(b) is [K,N]; transA, transB
// transpose.
#include "backends/cpu/ref/common.h"
#include "backends/cpu/ref/dot.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

class GemmKernel : public RefKernel {
 public:
  GemmKernel(const Problem& p, int threads)
      : threads_(threads),
        trans_a_(p.attrs.i("transA", 0) != 0),
        trans_b_(p.attrs.i("transB", 0) != 0),
        alpha_(p.attrs.f("alpha", 1)),
        beta_(p.attrs.f("beta", 1)) {
    const Extents a = input_dims(p, 0), y = output_dims(p);
    m_ = y[0];
    n_ = y[1];
    k_ = trans_a_ ? a[0] : a[1];
    if (p.anchor_inputs > 2) addend_ = Access(Format{DType::kF64, {}}, input_dims(p, 2), y);
  }
  int64_t workspace_doubles() const override {
    return (trans_a_ ? m_ * k_ : 0) + (trans_b_ ? threads_ * k_ : n_ * k_);
  }
  bool takes_f32(int k) const override { return k == 1; }

  void run(const RefArgs& args) const noexcept override {
    const double* a = args.in[0].f64;
    double* work = args.workspace;
    if (trans_a_) {
      for (int64_t i = 0; i < m_; ++i)
        for (int64_t k = 0; k < k_; ++k) work[i * k_ + k] = a[k * m_ + i];
      a = work;
      work += m_ * k_;
    }
    const Source& b = args.in[1];
    if (!trans_b_) {
      parallel_for(
          n_, 64,
          [&](int64_t from, int64_t to) {
            for (int64_t k = 0; k < k_; ++k)
              for (int64_t j = from; j < to; ++j)
                work[j * k_ + k] =
                    b.f64 ? b.f64[k * n_ + j] : static_cast<double>(b.f32[k * n_ + j]);
          },
          threads_);
    }
    parallel_lanes(
        n_, threads_,
        [&](int64_t lane, int64_t j) {
          const double* row =
              trans_b_ ? widen_row(b.f64, b.f32, j * k_, k_, work + lane * k_) : work + j * k_;
          dot(a, k_, m_, row, k_, args.out[0] + j, n_);
        },
        threads_);
    finish(args);
  }

 private:
  void finish(const RefArgs& args) const noexcept {
    if (alpha_ == 1 && args.in.size() < 3) return;
    for (int64_t i = 0; i < m_; ++i)
      for (int64_t j = 0; j < n_; ++j) {
        double& y = args.out[0][i * n_ + j];
        y *= alpha_;
        if (args.in.size() > 2) {
          double c = 0;
          addend_.read(args.in[2].f64, i * n_ + j, 1, &c);
          y += beta_ * c;
        }
      }
  }

  int threads_;
  bool trans_a_, trans_b_;
  double alpha_, beta_;
  int64_t m_ = 0, n_ = 0, k_ = 0;
  Access addend_;
};

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 2, 3); !v) return v;
  const Shape &a = p.inputs[0].dims, &b = p.inputs[1].dims, &y = p.outputs[0].dims;
  if (a.size() != 2 || b.size() != 2 || y.size() != 2)
    return Verdict::no("Gemm: operands are not matrices");
  const bool ta = p.attrs.i("transA", 0) != 0, tb = p.attrs.i("transB", 0) != 0;
  if (!(a[ta ? 0 : 1] == b[tb ? 1 : 0]) || !(a[ta ? 1 : 0] == y[0]) || !(b[tb ? 0 : 1] == y[1]))
    return Verdict::no("Gemm: extents do not fit together");
  return {};
}

std::unique_ptr<RefKernel> make(const Problem& p, int threads) {
  return std::make_unique<GemmKernel>(p, threads);
}

}  // namespace

std::unique_ptr<Row> ref_gemm() {
  return ref::make_ref_row({"Gemm", {"Gemm(a, b)", "Gemm(a, b, c)"}, make, check});
}

}  // namespace tenfold::cpu
