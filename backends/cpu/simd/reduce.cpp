// Reductions of f32 over any axes, accumulated in float64 line by line: a line that is reduced
// yields one number, lines that are kept are folded side by side in bands.
#include <cmath>
#include <limits>

#include "backends/cpu/simd/axes.h"
#include "backends/cpu/simd/lines.h"

namespace tenfold::cpu {
namespace {

using simd::Fold;

enum class Finish : uint8_t { kNone, kMean, kRoot, kLog };
struct Kind {
  std::string_view op;
  Fold fold;
  Finish finish;
};
constexpr Kind kKinds[] = {
    {"ReduceMean", Fold::kSum, Finish::kMean},
    {"ReduceSum", Fold::kSum, Finish::kNone},
    {"ReduceMax", Fold::kMax, Finish::kNone},
    {"ReduceMin", Fold::kMin, Finish::kNone},
    {"ReduceProd", Fold::kProd, Finish::kNone},
    {"ReduceL1", Fold::kSumAbs, Finish::kNone},
    {"ReduceL2", Fold::kSumSquare, Finish::kRoot},
    {"ReduceSumSquare", Fold::kSumSquare, Finish::kNone},
    {"ReduceLogSum", Fold::kSum, Finish::kLog},
    {"GlobalAveragePool", Fold::kSum, Finish::kMean},
    {"GlobalMaxPool", Fold::kMax, Finish::kNone},
};

const Kind& kind_of(const std::string& op) {
  for (const Kind& k : kKinds)
    if (k.op == op) return k;
  throw Error(Code::kInternal, "no reduction is called " + op);
}

double nothing(Fold f) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return f == Fold::kMax ? -kInfinity : f == Fold::kMin ? kInfinity : f == Fold::kProd ? 1.0 : 0.0;
}

class ReduceWork : public HostWork {
 public:
  ReduceWork(const Kind& kind, Reduction r, int64_t elements, int threads)
      : kind_(kind), r_(std::move(r)), elements_(elements), threads_(threads) {}

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    auto* y = static_cast<float*>(slots[1]);
    if (elements_ == 0) return fill(y, finish(nothing(kind_.fold)));
    r_.for_each(
        threads_, [&](const Place& p) { y[p.dst] = finish(fold_lines(x + p.src)); },
        [&](const Place& p, int64_t begin, int64_t n) {
          fold_band(x + p.src + begin, y + p.dst + begin * r_.dst_step, n);
        });
  }

 private:
  void fill(float* y, float v) const noexcept {
    r_.for_each(
        threads_, [&](const Place& p) { y[p.dst] = v; },
        [&](const Place& p, int64_t begin, int64_t n) {
          for (int64_t k = begin; k < begin + n; ++k) y[p.dst + k * r_.dst_step] = v;
        });
  }
  double fold_lines(const float* x) const noexcept {
    double all = nothing(kind_.fold);
    for (const Place& p : r_.reduced)
      all = join(all, lines_.fold(kind_.fold, r_.extent, x + p.src));
    return all;
  }
  double join(double a, double b) const noexcept {
    switch (kind_.fold) {
      case Fold::kMax: return b > a || b != b ? b : a;
      case Fold::kMin: return b < a || b != b ? b : a;
      case Fold::kProd: return a * b;
      default: return a + b;
    }
  }
  void fold_band(const float* x, float* y, int64_t n) const noexcept {
    double acc[kBand];
    for (int64_t k = 0; k < n; ++k) acc[k] = nothing(kind_.fold);
    for (const Place& p : r_.reduced) lines_.fold_rows(kind_.fold, n, x + p.src, acc);
    for (int64_t k = 0; k < n; ++k) y[k * r_.dst_step] = finish(acc[k]);
  }
  float finish(double v) const noexcept {
    switch (kind_.finish) {
      case Finish::kMean: return static_cast<float>(v / static_cast<double>(elements_));
      case Finish::kRoot: return static_cast<float>(std::sqrt(v));
      case Finish::kLog: return static_cast<float>(std::log(v));
      case Finish::kNone: break;
    }
    return static_cast<float>(v);
  }

  const Kind& kind_;
  const simd::Lines& lines_ = simd::best_lines();
  Reduction r_;
  int64_t elements_;  // that one output element stands for
  int threads_;
};

class ReduceRow : public HostRow {
 public:
  ReduceRow() : HostRow("cpu.reduce", patterns_of(), 0.05) {}

 protected:
  Verdict check(const Problem& p) const override {
    return all_of({expect_f32(p), expect_no_epilogue(p),
                   p.inputs.size() == 1 && p.outputs.size() == 1
                       ? Verdict{}
                       : Verdict::no("takes one operand")});
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    const Extents dims = dims_of(p.inputs[0]);
    const std::vector<bool> reduced = reduced_axes(p, dims.size());
    int64_t elements = 1;
    for (size_t d = 0; d < dims.size(); ++d) elements *= reduced[d] ? dims[d] : 1;
    Reduction r(dims, strides_of(p.inputs[0]), reduced_strides(p.outputs[0], reduced), reduced,
                false);
    return std::make_unique<ReduceWork>(kind_of(p.op), std::move(r), elements, threads);
  }

 private:
  static std::vector<bool> reduced_axes(const Problem& p, size_t rank) {
    const auto axes = p.attrs.ints("axes");
    std::vector<bool> reduced(rank, axes.empty());
    for (int64_t a : axes) reduced[static_cast<size_t>(normal_axis(a, rank))] = true;
    if (p.op.starts_with("Global"))
      for (size_t d = 0; d < 2; ++d) reduced[d] = false;
    return reduced;
  }
  static std::vector<std::string> patterns_of() {
    std::vector<std::string> list;
    for (const Kind& k : kKinds) list.push_back(std::string(k.op) + "(x)");
    return list;
  }
};

}  // namespace

std::unique_ptr<Row> cpu_reduce() { return std::make_unique<ReduceRow>(); }

}  // namespace tenfold::cpu
