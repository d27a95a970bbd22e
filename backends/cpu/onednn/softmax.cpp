// Softmax and LogSoftmax through oneDNN.
#include "backends/cpu/onednn/epilogue.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;

class SoftmaxRow : public OnednnRow {
 public:
  SoftmaxRow() : OnednnRow("onednn.softmax", {"Softmax(x)", "LogSoftmax(x)"}, 0.05) {}

 protected:
  Description describe(const Problem& p, const dnnl::memory::desc*) const override {
    const auto rank = static_cast<int64_t>(p.inputs[0].dims.size());
    const int64_t axis = p.attrs.i("axis", -1);
    if (axis < -rank || axis >= rank) refuse("Softmax: axis is out of range");
    const Epilogue e = map_epilogue(p, -1);
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    dnnl::softmax_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference,
        p.op == "Softmax" ? dnnl::algorithm::softmax_accurate : dnnl::algorithm::softmax_log, src,
        dst, static_cast<int>(axis < 0 ? axis + rank : axis), attr_of(e));
    skip_faults(pd, p);
    Description d{pd, e.binds, {}, -1};
    d.binds.push_back({DNNL_ARG_SRC, Bind::Where::kInput, 0, src});
    d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
    return d;
  }
};

}  // namespace

std::unique_ptr<Row> onednn_softmax() { return std::make_unique<SoftmaxRow>(); }

}  // namespace tenfold::cpu
