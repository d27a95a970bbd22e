// What happens when a program makes its first object.
#pragma once

#include "log.h"

namespace tenfold::trt {

// Remembers the logger, registers what the library needs and, once in a process, tells the program
// what it should know about the platform.
Log start(void* logger);

// What createInferBuilder and createInferRuntime give: an Impl made with the program's logger.
template <class Interface, class Impl>
Interface* create(const char* what, void* logger) {
  const Log log = start(logger);
  return guarded(log, what, static_cast<Interface*>(nullptr),
                 [&]() -> Interface* { return Impl::hand_out(std::make_shared<Impl>(log)); });
}

}  // namespace tenfold::trt
