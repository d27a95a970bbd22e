#include "backends/cuda/cublaslt/matmul_spec.h"

#include <algorithm>

namespace tenfold::cuda::cublaslt {
namespace {

bool all_equal(const std::vector<int64_t>& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; });
}

// One value per element of the last axis; of convolutions, of axis 1.
bool is_vector(const Problem& p, const Shape& dims) {
  const Shape& out = p.outputs[0].dims;
  if (dims.empty() || dims.size() > out.size()) return false;
  const size_t axis = p.op == "Conv" ? 1 : out.size() - 1, shift = out.size() - dims.size();
  if (shift > axis) return false;
  for (size_t d = 0; d < dims.size(); ++d)
    if (!(dims[d] == (d + shift == axis ? out[axis] : Dim(1)))) return false;
  return true;
}

Verdict check_conv(const Problem& p) {
  if (p.inputs[0].dims.size() != 4) return Verdict::no("takes two spatial dimensions");
  if (p.attrs.i("group", 1) != 1) return Verdict::no("groups are no single matrix product");
  if (!is_const(p.inputs[1].dims)) return Verdict::no("weights have fixed sizes");
  if (!all_equal(p.attrs.ints("pads"), 0)) return Verdict::no("pads are no matrix product");
  const Shape& x = p.inputs[0].dims;
  const Shape& w = p.inputs[1].dims;
  const bool pointwise = w[2] == Dim(1) && w[3] == Dim(1) && all_equal(p.attrs.ints("strides"), 1);
  const bool whole = x[2] == w[2] && x[3] == w[3] && all_equal(p.attrs.ints("dilations"), 1);
  if (!pointwise && !whole)
    return Verdict::no("only 1x1 kernels of stride 1, or kernels as large as the picture");
  if (!p.closed) return {};
  for (const Operand* o : {&p.inputs[0], &p.inputs[1], &p.outputs[0]})
    if (o->format.layout.kind != Layout::Kind::kChannelsLast)
      return Verdict::no("runs channels-last");
  if (p.inputs[0].format.layout.pad != p.inputs[1].format.layout.pad)
    return Verdict::no("input and weights are padded alike");
  if (!p.inputs[1].format.dense()) return Verdict::no("weights are dense");
  if (!p.inputs[0].format.dense()) {
    if (!pointwise) return Verdict::no("pixels of a slice are no single row of a matrix");
    if (p.inputs[0].format.layout.pad > 1) return Verdict::no("a slice has no padding of its own");
  }
  if (p.outputs[0].format.layout.pad > 1)
    return Verdict::no("the output's channels are not padded");
  return {};
}

Verdict check_product(const Problem& p) {
  const Shape& a = p.inputs[0].dims;
  const Shape& b = p.inputs[1].dims;
  if (p.op == "Gemm" && (a.size() != 2 || b.size() != 2))
    return Verdict::no("Gemm's operands have two axes");
  if (a.size() < 2 || b.size() < 2) return Verdict::no("vectors are not taken");
  if (b.size() != 2) {
    if (a.size() != b.size()) return Verdict::no("batches of different rank");
    for (size_t d = 0; d + 2 < a.size(); ++d)
      if (!(a[d] == b[d])) return Verdict::no("batches that broadcast");
  }
  if (!p.closed) return {};
  for (const Operand* o : {&p.inputs[0], &p.inputs[1], &p.outputs[0]}) {
    if (!(o->format.layout == Layout{})) return Verdict::no("runs row-major");
    if (!o->format.dense() && o->dims.size() != 2)
      return Verdict::no("slices of more than two axes are no matrix");
  }
  return {};
}

Verdict check_types(const Problem& p, const MatmulEpilogue& e) {
  const DType type = p.inputs[0].format.dtype;
  if (type != DType::kF16 && type != DType::kF32) return Verdict::no("operands are f16 or f32");
  if (p.inputs[1].format.dtype != type || p.outputs[0].format.dtype != type)
    return Verdict::no("all operands have one type");
  if (type == DType::kF16 ? p.compute != DType::kF16
                          : p.compute != DType::kF32 && p.compute != DType::kTF32)
    return Verdict::no("products of " + std::string(to_string(p.compute)) + " do not go with " +
                       std::string(to_string(type)));
  if (p.accumulate != DType::kF32) return Verdict::no("sums are f32");
  if (e.bias >= 0) {
    const Format& f = p.inputs[static_cast<size_t>(e.bias)].format;
    if (f.dtype != type || !f.dense() || f.layout.pad > 1)
      return Verdict::no("the bias is dense and has the operands' type");
  }
  if (e.residual >= 0) {
    Format residual = p.inputs[static_cast<size_t>(e.residual)].format;
    if (!residual.dense() && p.op != "Conv" && p.outputs[0].dims.size() != 2)
      return Verdict::no("slices of more than two axes are no matrix");
    residual.enclosing = p.outputs[0].format.enclosing;  // each has its own distance of rows
    if (residual != p.outputs[0].format)
      return Verdict::no("the residual has the output's type and layout");
  }
  return {};
}

int64_t product(const Extents& e, size_t from, size_t to) {
  int64_t result = 1;
  for (size_t k = from; k < to; ++k) result *= e[k];
  return result;
}

void fill_conv(const Problem& p, MatmulSpec& s) {
  const Extents x = const_extents(p.inputs[0].dims), w = const_extents(p.inputs[1].dims);
  const Extents y = const_extents(p.outputs[0].dims);
  const int64_t pad = std::max(1, p.inputs[0].format.layout.pad);
  const int64_t stored = (x[1] + pad - 1) / pad * pad;
  s.m = y[0] * y[2] * y[3];
  s.n = w[0];
  s.k = stored * w[2] * w[3];
  s.transpose_b = true;
  s.lda = p.inputs[0].format.dense() ? s.k : p.inputs[0].format.enclosing;
  s.ldb = s.k;
}

void fill_product(const Problem& p, MatmulSpec& s) {
  const Extents a = const_extents(p.inputs[0].dims), b = const_extents(p.inputs[1].dims);
  s.transpose_a = p.op == "Gemm" && p.attrs.i("transA", 0) != 0;
  s.transpose_b = p.op == "Gemm" && p.attrs.i("transB", 0) != 0;
  const size_t ra = a.size(), rb = b.size();
  s.m = s.transpose_a ? a[ra - 1] : a[ra - 2];
  s.k = s.transpose_a ? a[ra - 2] : a[ra - 1];
  s.n = s.transpose_b ? b[rb - 2] : b[rb - 1];
  if (rb == 2) {
    s.m *= product(a, 0, ra - 2);  // a batch times one matrix is one taller product
  } else {
    s.batch = product(a, 0, ra - 2);
    s.stride_a = s.m * s.k;
    s.stride_b = s.k * s.n;
    s.stride_d = s.m * s.n;
  }
  const auto row = [&](size_t k, int64_t dense) {
    const Format& f = p.inputs[k].format;
    return f.dense() ? dense : f.enclosing;
  };
  s.lda = row(0, s.transpose_a ? s.m : s.k);
  s.ldb = row(1, s.transpose_b ? s.k : s.n);
}

}  // namespace

std::optional<MatmulEpilogue> match_matmul_epilogue(const Problem& p) {
  auto chain = as_chain(p.expr);
  if (!chain || p.outputs.size() != 1) return std::nullopt;
  if (!chain->empty() && chain->back().op == ExprOp::kCast &&
      chain->back().type == p.outputs[0].format.dtype)
    chain->pop_back();
  MatmulEpilogue e;
  if (p.op == "Gemm") e.alpha = p.attrs.f("alpha", 1);
  for (size_t k = 0; k < chain->size(); ++k) {
    const ChainStep& step = (*chain)[k];
    const bool last = k + 1 == chain->size();
    if (step.op == ExprOp::kMul && step.has_constant && k == 0) {
      e.alpha *= step.constant;
    } else if (step.op == ExprOp::kAdd && step.input >= p.anchor_inputs) {
      const Shape& dims = p.inputs[static_cast<size_t>(step.input)].dims;
      if (e.bias < 0 && is_vector(p, dims))
        e.bias = step.input;
      else if (e.residual < 0 && dims == p.outputs[0].dims)
        e.residual = step.input;
      else
        return std::nullopt;
    } else if (last && (step.op == ExprOp::kRelu ||
                        (step.op == ExprOp::kMax && step.has_constant && step.constant == 0))) {
      e.relu = true;
    } else {
      return std::nullopt;
    }
  }
  return e;
}

Verdict check_matmul(const Problem& p) {
  if ((p.op != "Gemm" && p.op != "MatMul" && p.op != "Conv") || p.anchor_inputs != 2 ||
      p.inputs.size() < 2 || p.outputs.size() != 1)
    return Verdict::no("takes products of two operands");
  if (Verdict v = p.op == "Conv" ? check_conv(p) : check_product(p); !v) return v;
  const auto epilogue = match_matmul_epilogue(p);
  if (!epilogue) return Verdict::no("the epilogue is not relu(alpha * acc + bias + residual)");
  if (p.inputs.size() != 2u + (epilogue->bias >= 0) + (epilogue->residual >= 0))
    return Verdict::no("the epilogue has other operands than bias and residual");
  return p.closed ? check_types(p, *epilogue) : Verdict{};
}

MatmulSpec matmul_spec(const Problem& p) {
  MatmulSpec s;
  s.epilogue = *match_matmul_epilogue(p);
  s.type = p.inputs[0].format.dtype;
  s.compute = p.compute;
  if (p.op == "Conv")
    fill_conv(p, s);
  else
    fill_product(p, s);
  const auto row = [&](const Operand& o) { return o.format.dense() ? s.n : o.format.enclosing; };
  s.ldd = row(p.outputs[0]);
  const int residual = s.epilogue.residual;
  s.ldc = residual >= 0 ? row(p.inputs[static_cast<size_t>(residual)]) : s.ldd;
  return s;
}

}  // namespace tenfold::cuda::cublaslt
