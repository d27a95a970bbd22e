// Static types of values: "f32[N,3,8,8]", "seq(f32[3])", "opt(i64[])".
#include "src/type/dim_expr.h"
#include "src/type/text.h"

namespace tenfold {

DType read_dtype(Scanner& in) {
  const size_t start = (in.peek(), in.position());
  const std::string_view name = in.expect_identifier("an element type");
  const DType type = parse_dtype(name);
  if (type != DType::kUndefined) return type;
  in.rewind(start);
  in.fail("unknown element type");
}

std::string Type::str() const {
  const std::string tensor = std::string(to_string(dtype)) + "[" + tenfold::str(shape) + "]";
  if (kind == ValueKind::kSequence) return "seq(" + tensor + ")";
  if (kind == ValueKind::kOptional) return "opt(" + tensor + ")";
  return tensor;
}

Type read_type(Scanner& in) {
  Type type;
  if (in.accept("seq("))
    type.kind = ValueKind::kSequence;
  else if (in.accept("opt("))
    type.kind = ValueKind::kOptional;
  type.dtype = read_dtype(in);
  in.expect('[');
  type.shape = parse_dims(in, ']');
  in.expect(']');
  if (type.kind != ValueKind::kTensor) in.expect(')');
  return type;
}

Type Type::parse(std::string_view text) {
  Scanner in(text, "a type");
  Type type = read_type(in);
  in.expect_end();
  return type;
}

}  // namespace tenfold
