#include "backends/cpu/onednn/epilogue.h"

#include <limits>

namespace tenfold::cpu::onednn {
namespace {

using Algorithm = dnnl::algorithm;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Eltwise constant_step(const ChainStep& s) {
  const auto c = static_cast<float>(s.constant);
  switch (s.op) {
    case ExprOp::kAdd: return {Algorithm::eltwise_linear, 1, c};
    case ExprOp::kSub:
      return s.swapped ? Eltwise{Algorithm::eltwise_linear, -1, c}
                       : Eltwise{Algorithm::eltwise_linear, 1, -c};
    case ExprOp::kMul: return {Algorithm::eltwise_linear, c, 0};
    case ExprOp::kDiv:
      return s.swapped ? Eltwise{Algorithm::eltwise_pow, c, -1}
                       : Eltwise{Algorithm::eltwise_linear, 1 / c, 0};
    case ExprOp::kMax: return {Algorithm::eltwise_clip, c, kInfinity};
    case ExprOp::kMin: return {Algorithm::eltwise_clip, -kInfinity, c};
    case ExprOp::kPow:
      if (!s.swapped) return {Algorithm::eltwise_pow, 1, c};
      break;
    case ExprOp::kPRelu:
      if (!s.swapped) return {Algorithm::eltwise_relu, c, 0};
      break;
    default: break;
  }
  refuse("oneDNN has no post-op for " + std::string(to_string(s.op)) + " with a constant");
}

bool is_plain_bias(const Problem& p, const ChainStep& s, int axis) {
  if (axis < 0 || s.op != ExprOp::kAdd || s.input < 0) return false;
  const Operand& o = p.inputs[static_cast<size_t>(s.input)];
  const Extents dims = const_extents(o.dims), out = const_extents(p.outputs[0].dims);
  const size_t from_end =
      out.size() - static_cast<size_t>(axis);  // position counted from the last axis
  if (dims.size() < from_end || o.format.dtype != DType::kF32 || !o.format.dense()) return false;
  if (o.format.layout.pad > 1 || o.format.layout.kind == Layout::Kind::kBlocked) return false;
  return dims[dims.size() - from_end] == out[static_cast<size_t>(axis)] &&
         element_count(dims) == out[static_cast<size_t>(axis)];
}

void add_binary(Epilogue& e, const Problem& p, Algorithm algorithm, int input) {
  const auto k = static_cast<size_t>(input);
  const dnnl::memory::desc desc = desc_of(p.inputs[k], p.outputs[0].dims.size());
  const int at = e.ops.len();
  e.ops.append_binary(algorithm, desc);
  e.binds.push_back(
      {DNNL_ARG_ATTR_MULTIPLE_POST_OP(at) | DNNL_ARG_SRC_1, Bind::Where::kInput, input, desc});
}

void add_prelu(Epilogue& e, const Problem& p, int input) {
  const dnnl::memory::dims out = dims_of(p.outputs[0]);
  const dnnl::memory::desc desc = desc_of(p.inputs[static_cast<size_t>(input)], out.size());
  const auto dims = desc.get_dims();
  int mask = 0;
  for (size_t d = 0; d < out.size(); ++d)
    if (dims[d] != 1) mask |= 1 << d;
  if (mask != 0 && mask != 2) refuse("PRelu slopes are neither one nor one per channel");
  const int at = e.ops.len();
  e.ops.append_prelu(mask);
  e.binds.push_back(
      {DNNL_ARG_ATTR_MULTIPLE_POST_OP(at) | DNNL_ARG_WEIGHTS, Bind::Where::kInput, input, desc});
}

void add_tensor_step(Epilogue& e, const Problem& p, const ChainStep& s) {
  switch (s.op) {
    case ExprOp::kAdd: return add_binary(e, p, Algorithm::binary_add, s.input);
    case ExprOp::kMul: return add_binary(e, p, Algorithm::binary_mul, s.input);
    case ExprOp::kMax: return add_binary(e, p, Algorithm::binary_max, s.input);
    case ExprOp::kMin: return add_binary(e, p, Algorithm::binary_min, s.input);
    case ExprOp::kSub:
      if (!s.swapped) return add_binary(e, p, Algorithm::binary_sub, s.input);
      e.ops.append_eltwise(Algorithm::eltwise_linear, -1, 0);
      return add_binary(e, p, Algorithm::binary_add, s.input);
    case ExprOp::kDiv:
      if (!s.swapped) return add_binary(e, p, Algorithm::binary_div, s.input);
      break;
    case ExprOp::kPRelu:
      if (!s.swapped) return add_prelu(e, p, s.input);
      break;
    default: break;
  }
  refuse("oneDNN has no post-op for " + std::string(to_string(s.op)) + " with a tensor");
}

}  // namespace

Eltwise eltwise_of(const ChainStep& s) {
  if (s.has_constant) return constant_step(s);
  const auto a = static_cast<float>(s.imm), b = static_cast<float>(s.imm2);
  switch (s.op) {
    case ExprOp::kRelu: return {Algorithm::eltwise_relu, 0, 0};
    case ExprOp::kLeakyRelu: return {Algorithm::eltwise_relu, a, 0};
    case ExprOp::kElu: return {Algorithm::eltwise_elu, a, 0};
    case ExprOp::kClip: return {Algorithm::eltwise_clip, a, b};
    case ExprOp::kSigmoid: return {Algorithm::eltwise_logistic, 0, 0};
    case ExprOp::kTanh: return {Algorithm::eltwise_tanh, 0, 0};
    case ExprOp::kExp: return {Algorithm::eltwise_exp, 0, 0};
    case ExprOp::kLog: return {Algorithm::eltwise_log, 0, 0};
    case ExprOp::kSqrt: return {Algorithm::eltwise_sqrt, 0, 0};
    case ExprOp::kAbs: return {Algorithm::eltwise_abs, 0, 0};
    case ExprOp::kNeg: return {Algorithm::eltwise_linear, -1, 0};
    case ExprOp::kReciprocal: return {Algorithm::eltwise_pow, 1, -1};
    case ExprOp::kRsqrt: return {Algorithm::eltwise_pow, 1, -0.5f};
    case ExprOp::kSoftplus: return {Algorithm::eltwise_soft_relu, 1, 0};
    case ExprOp::kRound: return {Algorithm::eltwise_round, 0, 0};
    default: break;
  }
  refuse("oneDNN has no post-op for " + std::string(to_string(s.op)));
}

Epilogue map_steps(const Problem& p, const std::vector<ChainStep>& steps, int bias_axis) {
  Epilogue e;
  bool first = true;
  for (const ChainStep& s : steps) {
    const bool bias = first && is_plain_bias(p, s, bias_axis);
    first = false;
    if (bias) {
      e.bias = s.input;
    } else if (s.op == ExprOp::kCast) {
      if (s.type != DType::kF32) refuse("a cast to " + std::string(to_string(s.type)));
    } else if (s.input >= 0) {
      add_tensor_step(e, p, s);
    } else {
      const Eltwise f = eltwise_of(s);
      e.ops.append_eltwise(f.algorithm, f.alpha, f.beta);
    }
  }
  return e;
}

Epilogue map_epilogue(const Problem& p, int bias_axis) {
  if (p.outputs.size() != 1) refuse("several outputs");
  if (p.expr.empty()) return {};
  const auto chain = as_chain(p.expr);
  if (!chain) refuse("the expression is no chain over the result");
  return map_steps(p, *chain, bias_axis);
}

Description contraction(const dnnl::primitive_desc_base& primitive, const Epilogue& e,
                        const dnnl::memory::desc& plain, const dnnl::memory::desc& src,
                        const dnnl::memory::desc& weights, const dnnl::memory::desc& bias,
                        const dnnl::memory::desc& dst) {
  Description d{primitive, e.binds, plain, 1};
  d.binds.push_back({DNNL_ARG_SRC, Bind::Where::kInput, 0, src});
  d.binds.push_back({DNNL_ARG_WEIGHTS, Bind::Where::kPacked, 1, weights});
  if (e.bias >= 0) d.binds.push_back({DNNL_ARG_BIAS, Bind::Where::kInput, e.bias, bias});
  d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
  return d;
}

dnnl::memory::desc bias_of(const Epilogue& e, int64_t channels) {
  if (e.bias < 0) return {};
  return {{channels}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a};
}

dnnl::primitive_attr attr_of(const Epilogue& epilogue) {
  dnnl::primitive_attr attr = base_attr();
  if (epilogue.ops.len() > 0) attr.set_post_ops(epilogue.ops);
  return attr;
}

}  // namespace tenfold::cpu::onednn
