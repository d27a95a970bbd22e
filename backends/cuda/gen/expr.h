// Expr -> device code.
#pragma once

#include <string>

#include "tenfold/expr.h"

namespace tenfold::cuda {

// The element type's name in device text ("f16_t", "float"); empty for types that kernels do not
// take.
std::string device_type(DType type);
// Bytes of an element that device_type knows.
int device_bytes(DType type);
// Whether f32 does not hold all values of the type: arithmetic on them is in double.
bool needs_double(DType type);

// Statements that evaluate `expr` for one lane `v`: they read `acc<slot>[v]` and `l<input>[v]` and
// assign `r<output>[v]`, all of type `real`. An empty Expr assigns r0[v] = acc0[v].
std::string expr_code(const Expr& expr, const std::string& indent);

// An Expr that this generator cannot write: the reason, else empty.
std::string expr_refusal(const Expr& expr);

}  // namespace tenfold::cuda
