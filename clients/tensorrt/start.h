// What happens when a program makes its first object.
#pragma once

#include "log.h"

namespace tenfold::trt {

// Remembers the logger, registers what the library needs and, once in a process, tells the program
// what it should know about the platform.
Log start(void* logger);

}  // namespace tenfold::trt
