// Texts of Problems: refused, or read back from what they print.
#include <cstdlib>
#include <string_view>

#include "tenfold/diag.h"
#include "tenfold/problem.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenfold;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Problem p = Problem::parse(text);
    const std::string printed = p.str();
    if (Problem::parse(printed).str() != printed) std::abort();
    (void)match_epilogue(p);
    (void)cost_of(p, p.tuning());
    (void)p.bind(p.largest());
  } catch (const Error&) {
  }
  return 0;
}
