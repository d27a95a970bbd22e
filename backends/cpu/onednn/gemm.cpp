// Gemm with constant weights through oneDNN's inner product; MatMul through its matmul.
#include "backends/cpu/onednn/epilogue.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;
using Dims = dnnl::memory::dims;

class InnerProductRow : public OnednnRow {
 public:
  InnerProductRow() : OnednnRow("onednn.inner_product", {"Gemm(a, @b)"}, 0.6) {}

 protected:
  int packed_input(const Problem&) const override { return 1; }

  Description describe(const Problem& p, const dnnl::memory::desc* weights) const override {
    if (p.anchor_inputs != 2) refuse("Gemm: the addend belongs into the expression");
    if (p.attrs.i("transA", 0) != 0) refuse("Gemm: a transposed left operand");
    if (p.attrs.f("alpha", 1) != 1) refuse("Gemm: alpha is not 1");
    const bool transposed = p.attrs.i("transB", 0) != 0;
    const Epilogue e = map_epilogue(p, 1);
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    const int64_t n = dst.get_dims()[1], k = src.get_dims()[1];
    const dnnl::memory::desc plain({n, k}, dnnl::memory::data_type::f32,
                                   transposed ? Dims{k, 1} : Dims{1, n});
    const dnnl::memory::desc bias = bias_of(e, n);
    dnnl::inner_product_forward::primitive_desc pd(engine(), dnnl::prop_kind::forward_inference,
                                                   src, weights ? *weights : any_of({n, k}), bias,
                                                   dst, attr_of(e));
    skip_faults(pd, p);
    return contraction(pd, e, plain, src, pd.weights_desc(), bias, dst);
  }
};

// oneDNN makes one axis of all but the last where it can, and counts along it in 32 bits.
void check_rows(const Dims& dims) {
  int64_t rows = 1;
  for (size_t k = 0; k + 1 < dims.size(); ++k)
    if (__builtin_mul_overflow(rows, dims[k], &rows) || rows > INT32_MAX)
      refuse("MatMul: over 2^31 - 1 rows");
}

class MatMulRow : public OnednnRow {
 public:
  MatMulRow() : OnednnRow("onednn.matmul", {"MatMul(a, b)", "Gemm(a, b)"}, 0.6) {}

 protected:
  std::vector<FormatTuple> layouts(const Problem& open) const override {
    return {uniform(open, Layout::linear())};
  }

  Description describe(const Problem& p, const dnnl::memory::desc*) const override {
    if (p.anchor_inputs != 2) refuse("MatMul: takes two operands");
    dnnl::memory::desc a = desc_of(p.inputs[0]), b = desc_of(p.inputs[1]);
    const dnnl::memory::desc dst = desc_of(p.outputs[0]);
    const size_t rank = p.outputs[0].dims.size();
    if (rank < 2 || p.inputs[0].dims.size() < 2 || p.inputs[1].dims.size() < 2)
      refuse("MatMul: a vector operand");
    check_rows(dst.get_dims());
    if (p.op == "Gemm") {
      if (p.attrs.f("alpha", 1) != 1) refuse("Gemm: alpha is not 1");
      if (p.attrs.i("transA", 0) != 0) a = a.permute_axes({1, 0});
      if (p.attrs.i("transB", 0) != 0) b = b.permute_axes({1, 0});
    } else {
      a = desc_of(p.inputs[0], rank);
      b = desc_of(p.inputs[1], rank);
    }
    const Epilogue e = map_epilogue(p, -1);
    dnnl::matmul::primitive_desc pd(engine(), a, b, dst, attr_of(e));
    skip_faults(pd, p);
    Description d{pd, e.binds, {}, -1};
    d.binds.push_back({DNNL_ARG_SRC, Bind::Where::kInput, 0, a});
    d.binds.push_back({DNNL_ARG_WEIGHTS, Bind::Where::kInput, 1, b});
    d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
    return d;
  }
};

}  // namespace

std::unique_ptr<Row> onednn_inner_product() { return std::make_unique<InnerProductRow>(); }
std::unique_ptr<Row> onednn_matmul() { return std::make_unique<MatMulRow>(); }

}  // namespace tenfold::cpu
