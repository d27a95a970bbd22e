// ArgMax and ArgMin of f32 along one axis: a line's extreme first and then its place, or many lines
// side by side in bands. Indices may be cast to f32 on the way out.
#include <limits>

#include "backends/cpu/simd/axes.h"
#include "backends/cpu/simd/lines.h"

namespace tenfold::cpu {
namespace {

class ArgWork : public HostWork {
 public:
  ArgWork(const Problem& p, Reduction r, int threads)
      : r_(std::move(r)),
        type_(p.outputs[0].format.dtype),
        smallest_(p.op == "ArgMin"),
        last_(p.attrs.i("select_last_index", 0) != 0),
        threads_(threads) {}

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    r_.for_each(
        threads_, [&](const Place& p) { store(slots[1], p.dst, find(x + p.src)); },
        [&](const Place& p, int64_t begin, int64_t n) {
          find_band(x + p.src + begin, n, slots[1], p.dst + begin * r_.dst_step);
        });
  }

 private:
  // Either the line or the list of places has one element.
  int64_t find(const float* x) const noexcept {
    if (r_.extent == 1)
      return find_in(r_.reduced.size(), [&](size_t k) { return x[r_.reduced[k].src]; });
    const double best = lines_.fold(smallest_ ? simd::Fold::kMin : simd::Fold::kMax, r_.extent, x);
    const auto value = static_cast<float>(best);
    if (value != value || !last_) {
      for (int64_t k = 0; k < r_.extent; ++k)
        if (x[k] == value || x[k] != x[k]) return k;
    }
    for (int64_t k = r_.extent; k-- > 0;)
      if (x[k] == value) return k;
    return 0;
  }
  template <typename F>
  int64_t find_in(size_t n, F&& value) const noexcept {
    size_t best = 0;
    float most = value(0);
    for (size_t k = 1; k < n && most == most; ++k) {
      const float v = value(k);
      const bool equal = v == most, more = smallest_ ? v < most : v > most;
      if (!more && !(equal && last_) && v == v) continue;
      best = k;
      most = v;
    }
    return static_cast<int64_t>(best);
  }
  void find_band(const float* x, int64_t n, void* out, int64_t dst) const noexcept {
    float best[kBand];
    int32_t at[kBand] = {};
    std::copy_n(x + r_.reduced[0].src, n, best);
    for (size_t row = 1; row < r_.reduced.size(); ++row)
      lines_.best_rows(n, x + r_.reduced[row].src, smallest_ ? -1.0f : 1.0f, last_,
                       static_cast<int32_t>(row), best, at);
    for (int64_t k = 0; k < n; ++k) store(out, dst + k * r_.dst_step, at[k]);
  }
  void store(void* out, int64_t offset, int64_t index) const noexcept {
    switch (type_) {
      case DType::kI64: static_cast<int64_t*>(out)[offset] = index; break;
      case DType::kI32: static_cast<int32_t*>(out)[offset] = static_cast<int32_t>(index); break;
      default: static_cast<float*>(out)[offset] = static_cast<float>(index);
    }
  }

  const simd::Lines& lines_ = simd::best_lines();
  Reduction r_;
  DType type_;
  bool smallest_, last_;
  int threads_;
};

class ArgRow : public HostRow {
 public:
  ArgRow() : HostRow("cpu.arg_max", {"ArgMax(x)", "ArgMin(x)"}, 0.05) {}

 protected:
  Verdict check(const Problem& p) const override {
    if (p.inputs.size() != 1 || p.outputs.size() != 1) return Verdict::no("takes one operand");
    if (p.inputs[0].format.dtype != DType::kF32) return Verdict::no("the operand is not f32");
    const DType t = p.outputs[0].format.dtype;
    if (t != DType::kI64 && t != DType::kI32 && t != DType::kF32)
      return Verdict::no("indices of type " + std::string(to_string(t)));
    const auto chain = as_chain(p.expr);
    const bool casts = chain && chain->size() == 1 && chain->front().op == ExprOp::kCast &&
                       chain->front().type == t;
    if (!p.expr.empty() && !casts) return Verdict::no("takes no epilogue but a cast");
    return {};
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    const Extents dims = dims_of(p.inputs[0]);
    const auto axis = static_cast<size_t>(normal_axis(p.attrs.i("axis", 0), dims.size()));
    if (dims[axis] < 1 || dims[axis] > std::numeric_limits<int32_t>::max())
      throw Error(Code::kUnsupported, p.op + ": the axis has no element or too many");
    std::vector<bool> reduced(dims.size(), false);
    reduced[axis] = true;
    Reduction r(dims, strides_of(p.inputs[0]), reduced_strides(p.outputs[0], reduced), reduced,
                false);
    return std::make_unique<ArgWork>(p, std::move(r), threads);
  }
};

}  // namespace

std::unique_ptr<Row> cpu_arg_max() { return std::make_unique<ArgRow>(); }

}  // namespace tenfold::cpu
