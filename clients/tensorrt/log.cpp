#include "log.h"

#include <iostream>
#include <mutex>

namespace tenfold::trt {
namespace {

struct Last {
  std::mutex mutex;
  ILogger* logger = nullptr;
  bool forwarding = false;
};
Last& last() {
  static Last* const kLast = new Last;  // never destroyed: static objects may log at exit
  return *kLast;
}

Severity to_trt(tenfold::Severity severity) {
  switch (severity) {
    case tenfold::Severity::kError: return Severity::kERROR;
    case tenfold::Severity::kWarning: return Severity::kWARNING;
    default: return Severity::kINFO;
  }
}

}  // namespace

void Log::write(Severity severity, const std::string& message) const noexcept {
  try {
    if (logger_)
      logger_->log(severity, message.c_str());
    else if (severity <= Severity::kWARNING)
      std::cerr << "tenfold: " << message << std::endl;
  } catch (...) {  // the program's own logger threw: nothing can be told
  }
}

void Log::all(const Diagnostics& diagnostics) const noexcept {
  for (const Diagnostic& d : diagnostics.all()) write(to_trt(d.severity), d.str());
}

Log last_log() {
  std::lock_guard<std::mutex> lock(last().mutex);
  return Log(last().logger);
}

Log use_logger(void* logger) {
  bool forward = false;
  {
    std::lock_guard<std::mutex> lock(last().mutex);
    if (logger) last().logger = static_cast<ILogger*>(logger);
    forward = !last().forwarding;
    last().forwarding = true;
  }
  if (forward)
    set_log_sink([](tenfold::Severity severity, std::string_view line) {
      last_log().write(to_trt(severity), std::string(line));
    });
  return Log(static_cast<ILogger*>(logger));
}

}  // namespace tenfold::trt

extern "C" nvinfer1::ILogger* getLogger() { return tenfold::trt::last_log().logger(); }
extern "C" int getInferLibVersion() { return NV_TENSORRT_VERSION; }
