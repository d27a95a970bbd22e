// cost_of and match_epilogue: what estimates and vendor rows ask about a Problem.
#include <algorithm>

#include "tenfold/problem.h"

namespace tenfold {
namespace {

double product(const Extents& e, size_t from = 0) {
  double result = 1;
  for (size_t k = from; k < e.size(); ++k) result *= static_cast<double>(e[k]);
  return result;
}

double window_of(const Problem& p) {
  double result = 1;
  for (const int64_t k : p.attrs.ints("kernel")) result *= static_cast<double>(k);
  return result;
}

// Of the anchor alone. `in` and `out` are extents.
double anchor_flops(const Problem& p, const std::vector<Extents>& in,
                    const std::vector<Extents>& out) {
  const double results = product(out[0]);
  const bool two = in.size() >= 2 && p.anchor_inputs >= 2;
  if (p.op == "Conv" && two) return 2 * results * product(in[1], 1);
  if (p.op == "ConvTranspose" && two) return 2 * product(in[0]) * product(in[1], 1);
  if (p.op == "Gemm" && two && !in[0].empty())
    return 2 * results * static_cast<double>(in[0][p.attrs.i("transA", 0) ? 0 : in[0].size() - 1]);
  if (p.op == "MatMul" && two && !in[0].empty())
    return 2 * results * static_cast<double>(in[0].back());
  if (p.op == "MaxPool" || p.op == "AveragePool") return results * window_of(p);
  if (p.op == "LRN") return results * (2 * static_cast<double>(p.attrs.i("size", 5)) + 4);
  if (p.op == "Softmax" || p.op == "LogSoftmax") return results * 5;
  if (p.op == "BatchNormalization") return results * 2;
  if (p.op == "Pointwise" || p.op == "Convert") return 0;
  double largest = results;  // reductions and the rest: one for each element read or written
  for (const Extents& e : in) largest = std::max(largest, product(e));
  return largest;
}

double stored_bytes(const Operand& o, const Extents& e) {
  return product(e) * std::max(1, bits_of(o.format.dtype)) / 8;
}

// One value per channel: all axes of `dims`, aligned with the output's last, are 1 but axis 1.
bool is_per_channel(const Shape& dims, const Shape& output) {
  if (output.size() < 2 || dims.size() > output.size()) return false;
  const size_t shift = output.size() - dims.size();
  if (shift > 1) return false;
  for (size_t k = 0; k < dims.size(); ++k)
    if (!(dims[k] == (k + shift == 1 ? output[1] : Dim(1)))) return false;
  return true;
}

bool is_activation(ExprOp op) {
  static constexpr ExprOp kActs[] = {ExprOp::kRelu, ExprOp::kClip,    ExprOp::kLeakyRelu,
                                     ExprOp::kElu,  ExprOp::kSigmoid, ExprOp::kTanh};
  return std::find(std::begin(kActs), std::end(kActs), op) != std::end(kActs);
}

}  // namespace

Cost cost_of(const Problem& p, const SymbolValues& values) {
  std::vector<Extents> in, out;
  for (const Operand& o : p.inputs) in.push_back(eval(o.dims, values));
  for (const Operand& o : p.outputs) out.push_back(eval(o.dims, values));
  Cost cost;
  cost.flops = anchor_flops(p, in, out);
  const auto counted = [](const ExprInst& inst) {
    return inst.op != ExprOp::kAcc && inst.op != ExprOp::kLoad && inst.op != ExprOp::kConst &&
           inst.op != ExprOp::kStore;
  };
  cost.flops += product(out[0]) *
                static_cast<double>(std::count_if(p.expr.code.begin(), p.expr.code.end(), counted));
  for (size_t k = 0; k < in.size(); ++k) cost.bytes += stored_bytes(p.inputs[k], in[k]);
  for (size_t k = 0; k < out.size(); ++k) cost.bytes += stored_bytes(p.outputs[k], out[k]);
  return cost;
}

std::optional<EpilogueForm> match_epilogue(const Problem& p) {
  auto chain = as_chain(p.expr);
  if (!chain || p.op == "Pointwise" || p.outputs.size() != 1) return std::nullopt;
  const Shape& output = p.outputs[0].dims;
  // A last cast to the stored type is what storing does.
  if (!chain->empty() && chain->back().op == ExprOp::kCast &&
      chain->back().type == p.outputs[0].format.dtype)
    chain->pop_back();
  EpilogueForm form;
  for (size_t k = 0; k < chain->size(); ++k) {
    const ChainStep& step = (*chain)[k];
    if (step.op == ExprOp::kAdd && step.input >= 0) {
      const Shape& dims = p.inputs[static_cast<size_t>(step.input)].dims;
      if (form.bias < 0 && is_per_channel(dims, output)) {
        form.bias = step.input;
        form.residual_first = form.residual >= 0;
      } else if (form.residual < 0 && dims == output) {
        form.residual = step.input;
      } else {
        return std::nullopt;
      }
    } else if (is_activation(step.op) && k + 1 == chain->size()) {
      form.act = step.op;
      form.imm = step.imm;
      form.imm2 = step.imm2;
    } else if (step.op == ExprOp::kMax && step.has_constant && step.constant == 0 &&
               k + 1 == chain->size()) {
      form.act = ExprOp::kRelu;
    } else {
      return std::nullopt;
    }
  }
  return form;
}

}  // namespace tenfold
