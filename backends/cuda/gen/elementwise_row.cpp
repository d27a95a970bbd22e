// What elementwise rows accept and offer.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {

std::vector<FormatTuple> uniform_formats(const Problem& problem, TypeSet permitted, bool layouts) {
  std::vector<FormatTuple> tuples;
  const bool spatial = layouts && problem.outputs[0].dims.size() >= 3;
  const auto format = [&](const Operand& operand, DType type, bool last) {
    Format f;
    f.dtype = operand.format.dtype;
    if (operand.constant || f.dtype != DType::kF32) return f;
    f.dtype = type;
    if (!last || operand.dims.size() < 3) return f;
    const Dim& channels = operand.dims[1];
    const bool pad = type != DType::kF32 && channels.is_const() && channels.value() % 8 != 0 &&
                     channels.value() != 1;
    f.layout = Layout::channels_last(pad ? 8 : 1);
    return f;
  };
  for (const DType type : {DType::kF16, DType::kBF16, DType::kF32}) {
    if (type != DType::kF32 && !permitted.contains(type)) continue;
    for (const bool last : {true, false}) {
      if (last && !spatial) continue;
      FormatTuple tuple;
      for (const Operand& in : problem.inputs) tuple.inputs.push_back(format(in, type, last));
      for (const Operand& o : problem.outputs) tuple.outputs.push_back(format(o, type, last));
      if (std::find(tuples.begin(), tuples.end(), tuple) == tuples.end()) tuples.push_back(tuple);
    }
  }
  // What leaves a network is f32 in row-major order: written at once rather than converted.
  const std::vector<FormatTuple> uniform = tuples;
  for (FormatTuple tuple : uniform) {
    if (tuple.inputs.empty() || tuple.outputs.empty() || tuples.size() == 8) break;
    if (tuple.outputs[0].dtype != DType::kF16) continue;
    for (size_t j = 0; j < tuple.outputs.size(); ++j) tuple.outputs[j] = problem.outputs[j].format;
    tuples.push_back(tuple);
  }
  return tuples;
}

bool ElementwiseRow::serves(const Problem& problem) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& pattern) {
    return pattern.substr(0, pattern.find('(')) == problem.op;
  });
}

Verdict ElementwiseRow::supports(const Problem& problem, const Target&) const {
  if (!serves(problem)) return Verdict::no("it does not solve " + problem.op);
  if (Verdict taken = takes_operands(problem); !taken) return taken;
  if (!anchor_.include.empty() && problem.outputs.size() > 1 && problem.expr.empty())
    return Verdict::no("more than one output");
  if (problem.closed)
    for (size_t j = 1; j < problem.outputs.size(); ++j)
      if (is_padded(problem.outputs[j])) return Verdict::no("a padded second output");
  if (problem.closed && anchor_.row_axes && is_padded(problem.outputs[0]))
    return Verdict::no("padded rows");
  return accepts(problem);
}

// The Expr's operands are loaded at the coordinates that are stored, by the same thread and before:
// kernels are told of no pointer that it is `restrict`, so no load passes a store.
int ElementwiseRow::in_place(const Problem& problem) const {
  const Operand& out = problem.outputs[0];
  for (int k = anchor_.own_element ? 0 : problem.anchor_inputs;
       k < static_cast<int>(problem.inputs.size()); ++k) {
    if (k > 0 && k < problem.anchor_inputs) continue;
    const Operand& in = problem.inputs[static_cast<size_t>(k)];
    if (!in.constant && in.dims == out.dims && in.format == out.format) return k;
  }
  return -1;
}

std::vector<FormatTuple> ElementwiseRow::formats(const Problem& problem, const Target&,
                                                 TypeSet permitted) const {
  return uniform_formats(problem, permitted);
}

TextRequest ElementwiseRow::request(const Problem& problem, const Tactic&, const Target&) const {
  std::string entry(name());
  std::replace(entry.begin(), entry.end(), '.', '_');
  return elementwise_request(entry, problem, anchor_);
}

Launch ElementwiseRow::launch(const Problem& closed, const Problem& bound, const Tactic&,
                              const Target&) const {
  return elementwise_launch(closed, bound, anchor_);
}

}  // namespace tenfold::cuda
