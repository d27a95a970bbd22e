// MatMul as numpy's: matrices in the last two axes, the others broadcast; a vector is a row (left)
// or a column (right), and that axis is dropped from the result.
#include <algorithm>

#include "backends/cpu/ref/common.h"
#include "backends/cpu/ref/dot.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

// The batch offsets (in matrices) of an operand, walked over the batch axes of the result.
std::vector<int64_t> batch_offsets(const Extents& dims, const Extents& batch) {
  Extents own(dims.begin(), dims.end() - 2),
      map(static_cast<size_t>(product(batch, 0, batch.size())));
  const Extents strides = dense_strides(own);
  for (size_t i = 0; i < map.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i);
    for (size_t axis = batch.size(); axis-- > 0;) {
      const int64_t index = rest % batch[axis];
      rest /= batch[axis];
      const size_t lead = batch.size() - own.size();
      if (axis >= lead && own[axis - lead] != 1) map[i] += index * strides[axis - lead];
    }
  }
  return map;
}

class MatMulKernel : public RefKernel {
 public:
  MatMulKernel(const Problem& p, int threads) : threads_(threads) {
    Extents a = input_dims(p, 0), b = input_dims(p, 1), y = output_dims(p);
    if (a.size() == 1) {
      a.insert(a.begin(), 1);
      y.insert(y.end() - (b.size() == 1 ? 0 : 1), 1);
    }
    if (b.size() == 1) {
      b.push_back(1);
      y.push_back(1);
    }
    m_ = a[a.size() - 2];
    k_ = a[a.size() - 1];
    n_ = b[b.size() - 1];
    const Extents batch(y.begin(), y.end() - 2);
    a_at_ = batch_offsets(a, batch);
    b_at_ = batch_offsets(b, batch);
    b_count_ = product(b, 0, b.size() - 2);
  }
  int64_t workspace_doubles() const override { return b_count_ * n_ * k_; }
  bool takes_f32(int k) const override { return k == 1; }

  void run(const RefArgs& args) const noexcept override {
    const Source& b = args.in[1];
    double* turned = args.workspace;  // [matrix][n][k]
    parallel_for(
        b_count_ * n_, 16,
        [&](int64_t from, int64_t to) {
          for (int64_t j = from; j < to; ++j) {
            const int64_t at = j / n_ * k_ * n_ + j % n_;
            for (int64_t k = 0; k < k_; ++k)
              turned[j * k_ + k] =
                  b.f64 ? b.f64[at + k * n_] : static_cast<double>(b.f32[at + k * n_]);
          }
        },
        threads_);
    const auto batches = static_cast<int64_t>(a_at_.size());
    parallel_for(
        batches * n_, 4,
        [&](int64_t from, int64_t to) {
          for (int64_t t = from; t < to; ++t) {
            const int64_t i = t / n_, j = t % n_;
            dot(args.in[0].f64 + a_at_[static_cast<size_t>(i)] * m_ * k_, k_, m_,
                turned + (b_at_[static_cast<size_t>(i)] * n_ + j) * k_, k_,
                args.out[0] + i * m_ * n_ + j, n_);
          }
        },
        threads_);
  }

 private:
  int threads_;
  int64_t m_ = 0, n_ = 0, k_ = 0, b_count_ = 0;
  std::vector<int64_t> a_at_, b_at_;
};

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 2, 2, 1); !v) return v;
  const Shape &a = p.inputs[0].dims, &b = p.inputs[1].dims;
  if (!(a.back() == b[b.size() < 2 ? 0 : b.size() - 2]))
    return Verdict::no("MatMul: inner extents differ");
  const size_t expected =
      std::max<size_t>({a.size(), b.size(), 2}) - (a.size() == 1 ? 1 : 0) - (b.size() == 1 ? 1 : 0);
  if (p.outputs[0].dims.size() != expected) return Verdict::no("MatMul: the output's rank differs");
  return {};
}

std::unique_ptr<RefKernel> make(const Problem& p, int threads) {
  return std::make_unique<MatMulKernel>(p, threads);
}

}  // namespace

std::unique_ptr<Row> ref_matmul() {
  return ref::make_ref_row({"MatMul", {"MatMul(a, b)"}, make, check});
}

}  // namespace tenfold::cpu
