// cuda.reduce, cuda.reduce_block: reductions over any axes, one output element a thread or a block.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr const char* kOps[] = {"ReduceMean",   "ReduceSum",      "ReduceMax", "ReduceMin",
                                "ReduceProd",   "ReduceL1",       "ReduceL2",  "ReduceSumSquare",
                                "ReduceLogSum", "ReduceLogSumExp"};

std::vector<bool> reduced(const Problem& p) {
  const size_t rank = p.inputs[0].dims.size();
  const auto axes = p.attrs.ints("axes");
  std::vector<bool> marks(rank, axes.empty());
  for (const int64_t a : axes)
    if (const int axis = axis_of(a, rank); axis >= 0) marks[static_cast<size_t>(axis)] = true;
  return marks;
}

std::string axes_text(const Problem& p) {
  const auto marks = reduced(p);
  const auto kind = std::find(std::begin(kOps), std::end(kOps), p.op) - std::begin(kOps);
  const bool keep = p.outputs[0].dims.size() == marks.size();
  std::string to = "#define reduce_coordinates(o, i) do {",
              step = "#define reduce_step(P, n, i) do { int m = n;";
  size_t next = 0;
  for (size_t k = 0; k < marks.size(); ++k) {
    const std::string n = std::to_string(k);
    if (marks[k])
      to += " i[" + n + "] = 0;";
    else
      to += " i[" + n + "] = o.d[" + std::to_string(keep ? k : next) + "];";
    if (!marks[k] || keep) ++next;
  }
  const auto first = std::find(marks.begin(), marks.end(), true) - marks.begin();
  for (size_t k = marks.size(); k-- > static_cast<size_t>(first) + 1;) {
    const std::string n = std::to_string(k);
    if (marks[k])
      step += " { const int q = divide(m, P.r" + n + "); i[" + n + "] = m - q * P.r" + n +
              ".d; m = q; }";
  }
  if (static_cast<size_t>(first) < marks.size()) step += " i[" + std::to_string(first) + "] = m;";
  return "#define KIND " + std::to_string(kind) + "\n#define RANK_IN " +
         std::to_string(std::max<size_t>(marks.size(), 1)) + "\n" + to + " } while (0)\n" + step +
         " } while (0)\n";
}

template <bool kTogether>
std::string defines(const Problem& p) {
  return std::string("#define TOGETHER ") + (kTogether ? "1\n" : "0\n") + axes_text(p);
}

// Elements of the input for each of the output; every extent is a number.
int64_t values(const Problem& p) {
  const auto marks = reduced(p);
  int64_t count = 1;
  for (size_t k = 0; k < marks.size(); ++k)
    if (marks[k]) count *= p.inputs[0].dims[k].value();
  return count;
}

void params(const Problem& p, ParamList& list) {
  const auto marks = reduced(p);
  for (size_t k = 0; k < marks.size(); ++k)
    if (marks[k]) list.add_divisor("r" + std::to_string(k), p.inputs[0].dims[k].value());
  list.add("reduced", values(p));
}

class Reduce final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const size_t rank = p.inputs[0].dims.size(), y = p.outputs[0].dims.size();
    for (const int64_t a : p.attrs.ints("axes"))
      if (axis_of(a, rank) < 0) return Verdict::no("an axis is out of range");
    const auto marks = reduced(p);
    const auto kept = static_cast<size_t>(std::count(marks.begin(), marks.end(), false));
    if (y != rank && y != kept) return Verdict::no("an output of another rank");
    return {};
  }
  // Neighbouring threads read neighbouring elements.
  double efficiency(const Problem& p) const override {
    const int inner = inner_axis(p.inputs[0]);
    const bool along = inner < 0 || reduced(p)[static_cast<size_t>(inner)];
    return along == together() ? 0.3 : 0.05;
  }
  // As measured on an H200: what a thread adds, one after another, and what a block costs.
  double serial_us(const Problem& p) const override {
    const Problem tuning = at_tuning(p);
    const auto count = static_cast<double>(values(tuning));
    if (!together()) return 0.03 * count;
    const auto blocks = static_cast<double>(element_count(const_extents(tuning.outputs[0].dims)));
    return 0.05 * count / anchor().threads + 0.0012 * blocks;
  }

 private:
  bool together() const { return anchor().shared_values != nullptr; }
};

template <bool kTogether>
std::unique_ptr<Row> row(const char* name) {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/reduce.cu";
  anchor.params = params;
  anchor.defines = defines<kTogether>;
  anchor.vector = false;
  if (kTogether) anchor.shared_values = values, anchor.threads = 1024;
  std::vector<std::string> patterns;
  for (const char* op : kOps) patterns.push_back(std::string(op) + "(x)");
  return std::make_unique<Reduce>(name, patterns, anchor);
}

}  // namespace

std::unique_ptr<Row> cuda_reduce() { return row<false>("cuda.reduce"); }
std::unique_ptr<Row> cuda_reduce_block() { return row<true>("cuda.reduce_block"); }

}  // namespace tenfold::cuda
