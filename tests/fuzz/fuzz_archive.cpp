// Archives: refused, or members with clean names within the limit.
#include <cstdlib>

#include "src/io/archive.h"
#include "tenfold/diag.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenfold;
  constexpr int64_t kLimit = 1 << 20;
  try {
    int64_t total = 0;
    for (const auto& [name, content] :
         parse_archive(std::as_bytes(std::span(data, size)), "input", kLimit)) {
      if (name.empty() || name[0] == '/' || name == ".." || name.starts_with("../")) std::abort();
      total += static_cast<int64_t>(content.size());
    }
    if (total > kLimit) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
