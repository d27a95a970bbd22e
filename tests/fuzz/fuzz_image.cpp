// Pictures of every format, up to a small size so that time goes into parsing.
#include "tenfold/diag.h"
#include "tenfold/io.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    (void)tenfold::decode_image(std::as_bytes(std::span(data, size)), "input");
  } catch (const tenfold::Error&) {
  }
  return 0;
}
