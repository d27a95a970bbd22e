// Transpose {perm}: axis d of the output is axis perm[d] of the input; reversed without perm.
#include "backends/cpu/ref/movement.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::vector<int64_t> permutation(const Problem& p) {
  auto perm = p.attrs.ints("perm");
  if (perm.empty())
    for (size_t d = p.inputs[0].dims.size(); d-- > 0;) perm.push_back(static_cast<int64_t>(d));
  return perm;
}

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents y = output_dims(p), strides = dense_strides(input_dims(p, 0));
  const auto perm = permutation(p);
  Movement m(y);
  for (size_t d = 0; d < y.size(); ++d)
    for (int64_t k = 0; k < y[d]; ++k)
      m.table[d][static_cast<size_t>(k)] = k * strides[static_cast<size_t>(perm[d])];
  return kernel_of(std::move(m));
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
  const auto perm = permutation(p);
  std::vector<bool> seen(x.size(), false);
  if (perm.size() != x.size() || y.size() != x.size())
    return Verdict::no("Transpose: ranks differ");
  for (size_t d = 0; d < perm.size(); ++d) {
    if (perm[d] < 0 || perm[d] >= static_cast<int64_t>(x.size()) ||
        seen[static_cast<size_t>(perm[d])])
      return Verdict::no("Transpose: perm is no permutation");
    seen[static_cast<size_t>(perm[d])] = true;
    if (!(y[d] == x[static_cast<size_t>(perm[d])])) return Verdict::no("Transpose: extents differ");
  }
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_transpose() {
  return ref::make_ref_row({"Transpose", {"Transpose(x)"}, make, check});
}

}  // namespace tenfold::cpu
