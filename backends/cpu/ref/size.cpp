// Size(x): how many elements x has.
#include "backends/cpu/ref/common.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const auto n = static_cast<double>(element_count(input_dims(p, 0)));
  return kernel_of([n](const RefArgs& args) { args.out[0][0] = n; });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  return p.outputs[0].dims.empty() ? Verdict{} : Verdict::no("Size: the output is no scalar");
}

}  // namespace

std::unique_ptr<Row> ref_size() { return make_ref_row({"Size", {"Size(x)"}, make, check}); }

}  // namespace tenfold::cpu
