// cuda.depth_space: DepthToSpace and SpaceToDepth, modes DCR and CRD.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

bool to_space(const Problem& p) { return p.op == "DepthToSpace"; }

std::string defines(const Problem& p) {
  return "#define BLOCK " + std::to_string(p.attrs.i("blocksize", 1)) + "\n#define CRD " +
         (p.attrs.s("mode", "DCR") == "CRD" ? "1" : "0") + "\n#define TO_SPACE " +
         (to_space(p) ? "1\n" : "0\n");
}

// Channels of the side with larger pictures.
void params(const Problem& p, ParamList& list) {
  list.add("channels", (to_space(p) ? p.outputs[0] : p.inputs[0]).dims[1].value());
}

class DepthSpace final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const Shape& deep = (to_space(p) ? p.inputs[0] : p.outputs[0]).dims;
    const Shape& wide = (to_space(p) ? p.outputs[0] : p.inputs[0]).dims;
    const int64_t b = p.attrs.i("blocksize", 0);
    if (b < 1 || b > 1024) return Verdict::no("the block size is out of range");
    if (deep.size() != 4 || wide.size() != 4 || !(deep[0] == wide[0]) ||
        !(deep[1] == wide[1] * Dim(b * b)) || !(wide[2] == deep[2] * Dim(b)) ||
        !(wide[3] == deep[3] * Dim(b)))
      return Verdict::no("extents do not fit together");
    if (!wide[1].is_const()) return Verdict::no("channels of unknown number");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_depth_space() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/depth_space.cu";
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<DepthSpace>(
      "cuda.depth_space", std::vector<std::string>{"DepthToSpace(x)", "SpaceToDepth(x)"}, anchor);
}

}  // namespace tenfold::cuda
