// Pointwise: no anchor, the Expr is everything.
#include "backends/cpu/ref/common.h"

namespace tenfold::cpu {

static Verdict check(const Problem& p) {
  if (p.expr.empty()) return Verdict::no("Pointwise: there is no expression");
  if (p.anchor_inputs != 0) return Verdict::no("Pointwise: an anchor's operand was given");
  return {};
}

std::unique_ptr<Row> ref_pointwise() {
  return ref::make_ref_row({"Pointwise", {"Pointwise(...)"}, nullptr, check});
}

}  // namespace tenfold::cpu
