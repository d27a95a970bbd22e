// Convert between f32 layouts through oneDNN's reorder.
#include "backends/cpu/onednn/common.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;

class ConvertRow : public OnednnRow {
 public:
  ConvertRow() : OnednnRow("onednn.reorder", {"Convert(x)"}, 0.05) {}
  bool writes_slices() const override { return true; }
  bool reads_slices() const override { return true; }

 protected:
  std::vector<FormatTuple> layouts(const Problem& open) const override {
    return {{{open.inputs[0].format}, {open.outputs[0].format}}};
  }
  Description describe(const Problem& p, const dnnl::memory::desc*) const override {
    if (!p.expr.empty()) refuse("Convert: takes no epilogue");
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    const dnnl::reorder::primitive_desc pd(engine(), src, engine(), dst, base_attr());
    return {
        pd,
        {{DNNL_ARG_FROM, Bind::Where::kInput, 0, src}, {DNNL_ARG_TO, Bind::Where::kOutput, 0, dst}},
        {},
        -1};
  }
};

}  // namespace

std::unique_ptr<Row> onednn_reorder() { return std::make_unique<ConvertRow>(); }

}  // namespace tenfold::cpu
