#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {

SpatialWindow window_of(const Problem& problem) {
  SpatialWindow w;
  const size_t rank = problem.inputs[0].dims.size() - 2;
  w.kernel = problem.attrs.ints("kernel");
  if (w.kernel.empty() && problem.anchor_inputs > 1)
    for (size_t k = 2; k < problem.inputs[1].dims.size(); ++k)
      w.kernel.push_back(problem.inputs[1].dims[k].value());
  w.strides = problem.attrs.ints("strides", std::vector<int64_t>(rank, 1));
  w.dilations = problem.attrs.ints("dilations", std::vector<int64_t>(rank, 1));
  const auto pads = problem.attrs.ints("pads", std::vector<int64_t>(2 * rank, 0));
  for (size_t k = 0; k < rank && k + rank < pads.size(); ++k) {
    w.begins.push_back(pads[k]);
    w.ends.push_back(pads[k + rank]);
  }
  return w;
}

std::string window_refusal(const Problem& problem) {
  if (problem.inputs.empty() || problem.outputs.empty()) return "no operands";
  const size_t rank = problem.inputs[0].dims.size();
  if (rank < 3 || rank > 5) return "it takes one to three spatial axes";
  if (problem.outputs[0].dims.size() != rank) return "the output's rank differs";
  if (problem.anchor_inputs > 1)
    for (const Dim& d : problem.inputs[1].dims)
      if (!d.is_const()) return "weights of unknown extents";
  const SpatialWindow w = window_of(problem);
  const size_t n = rank - 2;
  if (w.kernel.size() != n || w.strides.size() != n || w.dilations.size() != n ||
      w.begins.size() != n || w.ends.size() != n)
    return "window attributes of another rank";
  return {};
}

std::string window_defines(const Problem& problem) {
  const SpatialWindow w = window_of(problem);
  std::string text = "#define SPATIAL " + std::to_string(w.rank()) + "\n";
  const auto define = [&](const char* name, const std::vector<int64_t>& values, int64_t neutral) {
    for (size_t k = 0; k < 3; ++k)
      text += std::string("#define ") + name + std::to_string(k) + " (" +
              std::to_string(k < values.size() ? values[k] : neutral) + ")\n";
  };
  define("K", w.kernel, 1);
  define("S", w.strides, 1);
  define("D", w.dilations, 1);
  define("B", w.begins, 0);
  define("E", w.ends, 0);
  for (size_t k = 0; k < 3; ++k)
    text += "#define H" + std::to_string(k) +
            (k < w.rank() ? " P.h" + std::to_string(k) : std::string(" 1")) + "\n";
  return text;
}

void add_input_extents(const Problem& bound, ParamList& list) {
  for (size_t k = 2; k < bound.inputs[0].dims.size(); ++k)
    list.add("h" + std::to_string(k - 2), bound.inputs[0].dims[k].value());
}

int axis_of(int64_t axis, size_t rank) {
  if (axis < 0) axis += static_cast<int64_t>(rank);
  return axis >= 0 && axis < static_cast<int64_t>(rank) ? static_cast<int>(axis) : -1;
}

}  // namespace tenfold::cuda
