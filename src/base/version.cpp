#include "tenfold/version.h"

#define TENFOLD_TEXT(x) #x
#define TENFOLD_DOTTED(a, b, c) TENFOLD_TEXT(a) "." TENFOLD_TEXT(b) "." TENFOLD_TEXT(c)

namespace tenfold {

const char* version() noexcept {
  return TENFOLD_DOTTED(TENFOLD_VERSION_MAJOR, TENFOLD_VERSION_MINOR, TENFOLD_VERSION_PATCH);
}

}  // namespace tenfold
