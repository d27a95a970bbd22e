// DepthToSpace, SpaceToDepth {blocksize, mode}: channels from and to blocks of pixels. Depth's
// order is (block row, block column, channel) in mode DCR, (channel, block row, block column) in
// CRD.
#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

struct Blocks {
  int64_t images, depth, channels, height, width,
      block;  // of the blocked side; channels = depth / b^2
  bool crd, to_space;

  void operator()(const RefArgs& args) const {
    const int64_t area = block * block, row = width * block, plane = height * block * row;
    parallel_for(
        images * depth, 1,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const int64_t n = i / depth, d = i % depth;
            const int64_t c = crd ? d / area : d % channels, spot = crd ? d % area : d / channels;
            const int64_t wide = (n * channels + c) * plane + spot / block * row + spot % block;
            for (int64_t p = 0; p < height * width; ++p) {
              const int64_t at = wide + p / width * block * row + p % width * block;
              const int64_t deep = i * height * width + p;
              if (to_space)
                args.out[0][at] = args.in[0].f64[deep];
              else
                args.out[0][deep] = args.in[0].f64[at];
            }
          }
        },
        args.threads);
  }
};

template <bool kToSpace>
std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents deep = kToSpace ? input_dims(p, 0) : output_dims(p);
  const int64_t block = p.attrs.i("blocksize", 1);
  return kernel_of(Blocks{deep[0], deep[1], deep[1] / (block * block), deep[2], deep[3], block,
                          p.attrs.s("mode", "DCR") == "CRD", kToSpace});
}

template <bool kToSpace>
Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 4); !v) return v;
  const Shape &deep = (kToSpace ? p.inputs[0] : p.outputs[0]).dims,
              &wide = (kToSpace ? p.outputs[0] : p.inputs[0]).dims;
  const int64_t b = p.attrs.i("blocksize", 0);
  if (b < 1 || b > 65536) return Verdict::no(p.op + ": blocksize is out of range");
  if (deep.size() != 4 || wide.size() != 4 || !(deep[0] == wide[0]) ||
      !(deep[1] == wide[1] * Dim(b * b)) || !(wide[2] == deep[2] * Dim(b)) ||
      !(wide[3] == deep[3] * Dim(b)))
    return Verdict::no(p.op + ": extents do not fit together");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_depth_to_space() {
  return make_ref_row({"DepthToSpace", {"DepthToSpace(x)"}, make<true>, check<true>});
}
std::unique_ptr<Row> ref_space_to_depth() {
  return make_ref_row({"SpaceToDepth", {"SpaceToDepth(x)"}, make<false>, check<false>});
}

}  // namespace tenfold::cpu
