// What the checks of single ops share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/type/problem_check.h"

namespace tenfold {

// A Problem, its operands' extents, and ways to refuse it.
struct Check {
  const Problem& p;
  const std::vector<Extents>& in;
  const std::vector<Extents>& out;

  [[noreturn]] void bad(const std::string& reason) const {
    throw Error(Code::kInvalid, p.op + ": " + reason);
  }
  // The axis attribute's place among `rank` axes; negative counts from the end.
  size_t axis(int64_t at, size_t rank) const {
    const auto n = static_cast<int64_t>(rank);
    if (at < -n || at >= n) bad("an axis is out of range");
    return static_cast<size_t>(at < 0 ? at + n : at);
  }
  void require(bool holds, const char* reason) const {
    if (!holds) bad(reason);
  }
  void anchor(int least, int most) const {
    if (p.anchor_inputs < least || p.anchor_inputs > most)
      bad("has " + std::to_string(p.anchor_inputs) + " anchor inputs");
  }
  std::vector<int64_t> list(const char* name, size_t count, int64_t fallback, int64_t least) const {
    auto values = p.attrs.ints(name, std::vector<int64_t>(count, fallback));
    if (values.size() != count) bad(std::string("'") + name + "' has the wrong length");
    for (const int64_t v : values)
      if (v < least || v > INT32_MAX) bad(std::string("'") + name + "' is out of range");
    return values;
  }
};

struct OpCheck {
  std::string_view op;
  void (*check)(const Check&);
};
// The ops that move, reduce or normalize values; their list in problem_ops_movement.cpp.
const OpCheck* find_movement_check(std::string_view op);

}  // namespace tenfold
