// cuda.transpose: permuted axes, with any Expr.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

std::vector<int64_t> permutation(const Problem& p) {
  std::vector<int64_t> perm = p.attrs.ints("perm");
  if (perm.empty())
    for (size_t k = p.inputs[0].dims.size(); k-- > 0;) perm.push_back(static_cast<int64_t>(k));
  return perm;
}

std::vector<int> lane_axes(const Problem& p, int lane) {
  return {static_cast<int>(permutation(p)[static_cast<size_t>(lane)])};
}

std::string defines(const Problem& p) {
  std::string list;
  for (const int64_t k : permutation(p)) list += (list.empty() ? "" : ", ") + std::to_string(k);
  return "#define PERM " + list + "\n";
}

class Transpose final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;
  std::vector<FormatTuple> formats(const Problem& p, const Target& target,
                                   TypeSet permitted) const override {
    // The input also as it came: what it permutes is often no picture.
    std::vector<FormatTuple> tuples = ElementwiseRow::formats(p, target, permitted);
    for (FormatTuple tuple : std::vector<FormatTuple>(tuples)) {
      tuple.inputs[0].layout = Layout::linear();
      if (std::find(tuples.begin(), tuples.end(), tuple) == tuples.end()) tuples.push_back(tuple);
    }
    if (tuples.size() > 8) tuples.resize(8);
    return tuples;
  }

 protected:
  Verdict accepts(const Problem& p) const override {
    const size_t rank = p.inputs[0].dims.size();
    std::vector<int64_t> perm = permutation(p);
    if (rank == 0 || perm.size() != rank || p.outputs[0].dims.size() != rank)
      return Verdict::no("a permutation of another rank");
    std::sort(perm.begin(), perm.end());
    for (size_t k = 0; k < rank; ++k)
      if (perm[k] != static_cast<int64_t>(k)) return Verdict::no("perm is no permutation");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_transpose() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/transpose.cu";
  anchor.lane_axes = lane_axes;
  anchor.defines = defines;
  return std::make_unique<Transpose>("cuda.transpose", std::vector<std::string>{"Transpose(x)"},
                                     anchor);
}

}  // namespace tenfold::cuda
