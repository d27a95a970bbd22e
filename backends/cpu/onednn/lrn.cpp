// LRN across channels through oneDNN.
#include "backends/cpu/onednn/epilogue.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;

class LrnRow : public OnednnRow {
 public:
  LrnRow() : OnednnRow("onednn.lrn", {"LRN(x)"}, 0.02) {}

 protected:
  Description describe(const Problem& p, const dnnl::memory::desc*) const override {
    if (!p.expr.empty()) refuse("LRN: takes no epilogue");
    if (p.attrs.s("region", "across") != "across")
      refuse("LRN: within a channel, oneDNN counts otherwise");
    const int64_t size = p.attrs.i("size", 5);
    if (size % 2 == 0) refuse("LRN: an even size");
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    dnnl::lrn_forward::primitive_desc pd(engine(), dnnl::prop_kind::forward_inference,
                                         dnnl::algorithm::lrn_across_channels, src, dst, size,
                                         static_cast<float>(p.attrs.f("alpha", 1e-4)),
                                         static_cast<float>(p.attrs.f("beta", 0.75)),
                                         static_cast<float>(p.attrs.f("bias", 1)), base_attr());
    skip_faults(pd, p);
    return {
        pd,
        {{DNNL_ARG_SRC, Bind::Where::kInput, 0, src}, {DNNL_ARG_DST, Bind::Where::kOutput, 0, dst}},
        {},
        -1};
  }
};

}  // namespace

std::unique_ptr<Row> onednn_lrn() { return std::make_unique<LrnRow>(); }

}  // namespace tenfold::cpu
