// Readers of the text forms of this room, for use in the middle of a larger text.
#pragma once

#include "src/base/scanner.h"
#include "tenfold/diag.h"
#include "tenfold/problem.h"

namespace tenfold {

DType read_dtype(Scanner& in);
Attrs parse_attrs(Scanner& in);  // nothing if no '{' follows
Type read_type(Scanner& in);
Layout read_layout(Scanner& in);
Format read_format(Scanner& in);
Operand read_operand(Scanner& in);
// Up to a token that no statement starts with.
Expr read_expr(Scanner& in);

}  // namespace tenfold
