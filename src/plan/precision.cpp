#include "src/type/rounding.h"
#include "tenfold/plan.h"

namespace tenfold {
namespace {

int mantissa_bits(DType type) {
  if (const FloatSpec* spec = float_spec(type)) return spec->mantissa_bits;
  return type == DType::kF32 ? 23 : type == DType::kF8E8M0 ? 0 : 52;
}

// f16 counts as coarser than tf32: as many digits, a narrower range.
bool coarser(DType a, DType b) {
  const int x = mantissa_bits(a), y = mantissa_bits(b);
  return x != y ? x < y : bits_of(a) < bits_of(b);
}

}  // namespace

DType precision_of(const Section& section) {
  DType coarsest = DType::kF32;
  const auto meet = [&](DType type) {
    if (is_float(type) && coarser(type, coarsest)) coarsest = type;
  };
  for (const Program& program : section.programs) {
    for (const Step& step : program.steps) {
      meet(step.problem.compute);
      for (const Operand& operand : step.problem.inputs) meet(operand.format.dtype);
      for (const Operand& operand : step.problem.outputs) meet(operand.format.dtype);
    }
  }
  return coarsest;
}

}  // namespace tenfold
