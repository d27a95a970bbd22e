// Tile {repeats}: the input, repeated along each axis.
#include "backends/cpu/ref/movement.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0), y = output_dims(p), strides = dense_strides(x);
  Movement m(y);
  for (size_t d = 0; d < y.size(); ++d)
    for (int64_t k = 0; k < y[d]; ++k) m.table[d][static_cast<size_t>(k)] = k % x[d] * strides[d];
  return kernel_of(std::move(m));
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
  const auto repeats = p.attrs.ints("repeats");
  if (repeats.size() != x.size() || y.size() != x.size())
    return Verdict::no("Tile: repeats has the wrong length");
  for (size_t d = 0; d < x.size(); ++d)
    if (!(y[d] == x[d] * Dim(repeats[d]))) return Verdict::no("Tile: extents differ");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_tile() { return make_ref_row({"Tile", {"Tile(x)"}, make, check}); }

}  // namespace tenfold::cpu
