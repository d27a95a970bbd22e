// Ops that keep the elements in row-major order and only restate the shape, and those that keep
// both.
#include <cstring>

#include "backends/cpu/ref/common.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const int64_t count = element_count(output_dims(p));
  return kernel_of([count](const RefArgs& args) {
    if (count > 0)
      std::memcpy(args.out[0], args.in[0].f64, static_cast<size_t>(count) * sizeof(double));
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  if (!(element_count(p.inputs[0].dims) == element_count(p.outputs[0].dims)))
    return Verdict::no(p.op + ": input and output differ in their number of elements");
  return {};
}

Verdict check_same(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  if (!(p.inputs[0].dims == p.outputs[0].dims)) return Verdict::no(p.op + ": extents differ");
  return {};
}

std::unique_ptr<Row> row(const char* op, bool same) {
  return make_ref_row({op, {std::string(op) + "(x)"}, make, same ? check_same : check});
}

}  // namespace

std::unique_ptr<Row> ref_reshape() { return row("Reshape", false); }
std::unique_ptr<Row> ref_flatten() { return row("Flatten", false); }
std::unique_ptr<Row> ref_squeeze() { return row("Squeeze", false); }
std::unique_ptr<Row> ref_unsqueeze() { return row("Unsqueeze", false); }
std::unique_ptr<Row> ref_identity() { return row("Identity", true); }
std::unique_ptr<Row> ref_convert() { return row("Convert", true); }

}  // namespace tenfold::cpu
