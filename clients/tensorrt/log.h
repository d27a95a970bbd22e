// What all objects share: where messages go, how objects live, and how exceptions stop at the
// interface.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "NvInfer.h"
#include "tenfold/diag.h"

namespace tenfold::trt {

using nvinfer1::ILogger;
using Severity = ILogger::Severity;

// A program's logger; messages without one go to the standard error stream. Copies share it; a
// program may end its logger once all objects made with it are gone, and then nobody asks for it
// any more.
class Log {
 public:
  Log() = default;
  explicit Log(std::shared_ptr<ILogger> logger) : logger_(std::move(logger)) {}
  void write(Severity severity, const std::string& message) const noexcept;
  void error(const std::string& m) const noexcept { write(Severity::kERROR, m); }
  void warn(const std::string& m) const noexcept { write(Severity::kWARNING, m); }
  void info(const std::string& m) const noexcept { write(Severity::kINFO, m); }
  // Every diagnostic, with its severity.
  void all(const Diagnostics& diagnostics) const noexcept;
  ILogger* logger() const { return logger_.get(); }

 private:
  std::shared_ptr<ILogger> logger_;  // owns nothing
};

// The log of the logger handed over last, as long as an object made with it lives.
Log last_log();
// Remembers a logger; at the first one, Tenfold's own log lines start to go to the last logger.
Log use_logger(void* logger);

// Runs `fn`; an exception is logged after `what` and becomes `fallback`.
template <class T, class Fn>
T guarded(const Log& log, const char* what, T fallback, Fn fn) noexcept {
  try {
    return fn();
  } catch (const Error& e) {
    log.error(std::string(what) + ": " + e.full());
  } catch (const std::bad_alloc&) {
    log.error(std::string(what) + ": out of memory");
  } catch (const std::exception& e) {
    log.write(Severity::kINTERNAL_ERROR, std::string(what) + ": " + e.what());
  } catch (...) {
    log.write(Severity::kINTERNAL_ERROR, std::string(what) + ": unknown exception");
  }
  return fallback;
}

// An object that a program holds by a plain pointer and gives back with destroy(), while others may
// still need it: it goes with its last holder.
template <class T>
class Owned : public std::enable_shared_from_this<T> {
 public:
  static T* hand_out(std::shared_ptr<T> object) {
    T* raw = object.get();
    static_cast<Owned<T>*>(raw)->self_ = std::move(object);
    return raw;
  }

 protected:
  void give_back() {
    std::shared_ptr<T> last;
    last.swap(self_);
  }

 private:
  std::shared_ptr<T> self_;
};

// The address of what a program passed by reference. Programs dereference what find() gave them
// without a look: such a null pointer is seen as one here, though compilers take references for
// valid.
template <class T>
T* given(T& object) {
  T* address = &object;
  asm("" : "+r"(address));
  return address;
}

inline std::string text(const char* name) { return name ? name : ""; }

}  // namespace tenfold::trt
