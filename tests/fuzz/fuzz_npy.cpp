// .npy files: refused, or written and read again with the same bytes.
#include <cstdlib>
#include <cstring>

#include "src/io/npy.h"
#include "tenfold/diag.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenfold;
  try {
    const Tensor t = parse_npy(std::as_bytes(std::span(data, size)), "input");
    const std::string bytes = format_npy(t);
    const Tensor again = parse_npy(std::as_bytes(std::span(bytes)), "again");
    if (again.dims() != t.dims() || again.bytes() != t.bytes()) std::abort();
    if (t.bytes() > 0 && std::memcmp(again.data(), t.data(), static_cast<size_t>(t.bytes())) != 0)
      std::abort();
  } catch (const Error&) {
  }
  return 0;
}
