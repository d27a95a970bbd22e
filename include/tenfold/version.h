// The library's version: the one place that states it. CMake and the packages read these three
// lines.
#pragma once

#define TENFOLD_VERSION_MAJOR 0
#define TENFOLD_VERSION_MINOR 1
#define TENFOLD_VERSION_PATCH 0

namespace tenfold {

// The version of the linked library, e.g. "0.1.0": static text. It differs from the macros above
// when a program was compiled against another version than it runs with.
const char* version() noexcept;

}  // namespace tenfold
