// The shape that Reshape's attributes ask for.
#include <algorithm>

#include "src/base/checked.h"
#include "src/op/common.h"

namespace tenfold::ops {

namespace {

// The dimension that makes `out` (where it stands as 1) hold as many elements as `input`.
Dim inferred(const Shape& input, const Shape& out) {
  Shape rest = input;
  Dim divisor = 1;
  for (const Dim& d : out) {
    auto same = std::find(rest.begin(), rest.end(), d);
    if (same != rest.end() && !(d.is_const() && d.value() == 0)) {
      rest.erase(same);
    } else {
      divisor = divisor * d;
    }
  }
  int64_t number = 1;
  Dim symbolic = 1;
  for (const Dim& d : rest) {
    if (d.is_const()) {
      number = checked_mul(number, d.value());
    } else {
      symbolic = symbolic * d;
    }
  }
  if (divisor.is_const()) {
    if (divisor.value() == 0) fail("a dimension cannot be inferred beside one that is 0");
    if (number % divisor.value() == 0) return symbolic * Dim(number / divisor.value());
  }
  return floor_div(symbolic * Dim(number), divisor);
}

}  // namespace

Shape reshaped(const Attrs& attrs, const Shape& input) {
  Shape out;
  if (attrs.has("dims")) {
    for (const std::string& d : attrs.strings("dims")) out.push_back(Dim::parse(d));
    if (!(element_count(out) == element_count(input)))
      fail(cat({"cannot reshape [", str(input), "] to [", str(out), "]: element counts differ"}));
    return out;
  }
  const std::vector<int64_t> wanted = attrs.ints("shape");
  int infer_at = -1;
  for (size_t k = 0; k < wanted.size(); ++k) {
    if (wanted[k] == -1) {
      if (infer_at >= 0) fail("attribute 'shape' has more than one -1");
      infer_at = static_cast<int>(k);
      out.push_back(1);
    } else if (wanted[k] == 0) {
      if (k >= input.size()) fail("attribute 'shape' copies a dimension that the input lacks");
      out.push_back(input[k]);
    } else if (wanted[k] > 0) {
      out.push_back(wanted[k]);
    } else {
      fail("attribute 'shape' holds a number below -1");
    }
  }
  if (infer_at >= 0) out[static_cast<size_t>(infer_at)] = inferred(input, out);
  if (!(element_count(out) == element_count(input)))
    fail(cat({"cannot reshape [", str(input), "] to [", str(out), "]: element counts differ"}));
  return out;
}

}  // namespace tenfold::ops
