// cuda.reduce: reductions over any axes, one output element a thread.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
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

std::string defines(const Problem& p) {
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
  for (size_t k = marks.size(); k-- > 0;) {
    const std::string n = std::to_string(k);
    if (marks[k])
      step += " { const int q = divide(m, P.r" + n + "); i[" + n + "] = m - q * P.r" + n +
              ".d; m = q; }";
  }
  return "#define KIND " + std::to_string(kind) + "\n#define RANK_IN " +
         std::to_string(std::max<size_t>(marks.size(), 1)) + "\n" + to + " } while (0)\n" + step +
         " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  const auto marks = reduced(p);
  int64_t count = 1;
  for (size_t k = 0; k < marks.size(); ++k) {
    if (!marks[k]) continue;
    count *= p.inputs[0].dims[k].value();
    list.add_divisor("r" + std::to_string(k), p.inputs[0].dims[k].value());
  }
  list.add("reduced", count);
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
  double efficiency(const Problem&) const override { return 0.1; }
};

}  // namespace

std::unique_ptr<Row> cuda_reduce() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/reduce.cu";
  anchor.params = params;
  anchor.defines = defines;
  anchor.vector = false;
  std::vector<std::string> patterns;
  for (const char* op : kOps) patterns.push_back(std::string(op) + "(x)");
  return std::make_unique<Reduce>("cuda.reduce", patterns, anchor);
}

}  // namespace tenfold::cuda
