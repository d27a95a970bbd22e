#include "backends/cpu/ref/common.h"
#include "src/base/checked.h"

namespace tenfold::cpu::ref {

Extents input_dims(const Problem& bound, int k) {
  return const_extents(bound.inputs.at(static_cast<size_t>(k)).dims);
}

Extents output_dims(const Problem& bound, int k) {
  return const_extents(bound.outputs.at(static_cast<size_t>(k)).dims);
}

Verdict expect_operands(const Problem& problem, int least, int most, int least_rank) {
  if (problem.anchor_inputs < least || problem.anchor_inputs > most)
    return Verdict::no(problem.op + ": " + std::to_string(problem.anchor_inputs) +
                       " operands given, " + std::to_string(least) +
                       (most > least ? " or more" : "") + " expected");
  for (int k = 0; k < problem.anchor_inputs; ++k)
    if (static_cast<int>(problem.inputs[static_cast<size_t>(k)].dims.size()) < least_rank && k == 0)
      return Verdict::no(problem.op + ": the input's rank is below " + std::to_string(least_rank));
  return {};
}

int normal_axis(int64_t axis, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  if (axis < -n || axis >= n) return -1;
  return static_cast<int>(axis < 0 ? axis + n : axis);
}

int64_t product(const Extents& dims, size_t from, size_t to) {
  int64_t n = 1;
  for (size_t d = from; d < to; ++d) n = checked_mul(n, dims[d]);
  return n;
}

Extents dense_strides(const Extents& dims) {
  Extents strides(dims.size(), 1);
  for (size_t d = dims.size(); d-- > 1;) strides[d - 1] = checked_mul(strides[d], dims[d]);
  return strides;
}

Spatial spatial_of(const Problem& problem, const std::vector<int64_t>& kernel, size_t rank) {
  Spatial s;
  s.kernel = kernel;
  s.strides = problem.attrs.ints("strides", std::vector<int64_t>(rank, 1));
  s.dilations = problem.attrs.ints("dilations", std::vector<int64_t>(rank, 1));
  const auto pads = problem.attrs.ints("pads", std::vector<int64_t>(2 * rank, 0));
  s.begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  s.end.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  return s;
}

std::string spatial_problem(const Problem& problem, size_t rank) {
  const auto& a = problem.attrs;
  for (const char* name : {"kernel", "strides", "dilations"}) {
    const auto list = a.ints(name, std::vector<int64_t>(rank, 1));
    if (list.size() != rank) return std::string(name) + " has the wrong number of extents";
    for (int64_t v : list)
      if (v < 1) return std::string(name) + " is not positive";
  }
  const auto pads = a.ints("pads", std::vector<int64_t>(2 * rank, 0));
  if (pads.size() != 2 * rank) return "pads has the wrong number of extents";
  for (int64_t v : pads)
    if (v < 0) return "pads is negative";
  return {};
}

AxisView axis_view(const Extents& dims, int axis) {
  const auto d = static_cast<size_t>(axis);
  return {product(dims, 0, d), dims.at(d), product(dims, d + 1, dims.size())};
}

}  // namespace tenfold::cpu::ref
