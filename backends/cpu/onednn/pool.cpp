// MaxPool, AveragePool, GlobalAveragePool and GlobalMaxPool through oneDNN's pooling.
#include <algorithm>

#include "backends/cpu/onednn/epilogue.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;
using Dims = dnnl::memory::dims;
using Algorithm = dnnl::algorithm;

struct PoolGeometry {
  Dims kernel, strides, dilates, begin, end;
  bool hangs_over = false;  // a window reaches beyond the padding that the Problem states
  bool padded = false;
};

PoolGeometry pool_geometry(const Problem& p) {
  const Dims x = dims_of(p.inputs[0]), y = dims_of(p.outputs[0]);
  const size_t rank = x.size() - 2;
  PoolGeometry g;
  if (p.op.starts_with("Global")) {
    g.kernel.assign(x.begin() + 2, x.end());
    g.strides = Dims(rank, 1);
    g.begin = g.end = g.dilates = Dims(rank, 0);
    return g;
  }
  g.kernel = p.attrs.ints("kernel");
  g.strides = p.attrs.ints("strides", Dims(rank, 1));
  g.dilates = p.attrs.ints("dilations", Dims(rank, 1));
  const Dims pads = p.attrs.ints("pads", Dims(2 * rank, 0));
  if (g.kernel.size() != rank || g.strides.size() != rank || g.dilates.size() != rank ||
      pads.size() != 2 * rank)
    refuse("an attribute has the wrong length");
  for (size_t k = 0; k < rank; ++k) {
    if (g.kernel[k] / 4 > x[2 + k] + 16) refuse("a window far larger than its input");
    const int64_t reach = (g.kernel[k] - 1) * g.dilates[k] + 1;
    g.dilates[k] -= 1;
    g.begin.push_back(pads[k]);
    // The output's extent says how far the last window reaches, whatever the rounding was.
    const int64_t last = (y[2 + k] - 1) * g.strides[k] - pads[k];
    if (last >= x[2 + k]) refuse("a window has no element");
    const int64_t end = last + reach - x[2 + k];
    g.hangs_over = g.hangs_over || end > pads[rank + k];
    g.padded = g.padded || pads[k] > 0 || pads[rank + k] > 0;
    // Windows that stop short leave elements unread: then the stated padding fits the floor
    // formula.
    const bool floor_fits =
        (x[2 + k] + pads[k] + pads[rank + k] - reach) / g.strides[k] + 1 == y[2 + k];
    g.end.push_back(floor_fits ? pads[rank + k] : end);
  }
  return g;
}

class PoolRow : public OnednnRow {
 public:
  PoolRow()
      : OnednnRow("onednn.pool",
                  {"MaxPool(x)", "AveragePool(x)", "GlobalAveragePool(x)", "GlobalMaxPool(x)"},
                  0.05) {}

 protected:
  Description describe(const Problem& p, const dnnl::memory::desc*) const override {
    if (p.inputs[0].dims.size() < 3 || p.inputs[0].dims.size() > 5)
      refuse(p.op + ": one to three spatial axes");
    if (p.outputs[0].dims.size() != p.inputs[0].dims.size())
      refuse(p.op + ": the output's rank differs");
    const PoolGeometry g = pool_geometry(p);
    const Epilogue e = map_epilogue(p, -1);
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    dnnl::pooling_forward::primitive_desc pd(engine(), dnnl::prop_kind::forward_inference,
                                             algorithm(p, g), src, dst, g.strides, g.kernel,
                                             g.dilates, g.begin, g.end, attr_of(e));
    skip_faults(pd, p);
    Description d{pd, e.binds, {}, -1};
    d.binds.push_back({DNNL_ARG_SRC, Bind::Where::kInput, 0, src});
    d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
    return d;
  }

 private:
  static Algorithm algorithm(const Problem& p, const PoolGeometry& g) {
    if (p.op == "MaxPool" || p.op == "GlobalMaxPool") return Algorithm::pooling_max;
    if (p.op == "GlobalAveragePool") return Algorithm::pooling_avg_exclude_padding;
    const bool include = p.attrs.i("count_include_pad", 0) != 0 && g.padded;
    // oneDNN would divide by the whole window where Caffe's rule cuts it at the padding's end.
    if (include && g.hangs_over)
      refuse("AveragePool: a window hangs over the padding that it counts");
    return include ? Algorithm::pooling_avg_include_padding
                   : Algorithm::pooling_avg_exclude_padding;
  }
};

}  // namespace

std::unique_ptr<Row> onednn_pool() { return std::make_unique<PoolRow>(); }

}  // namespace tenfold::cpu
