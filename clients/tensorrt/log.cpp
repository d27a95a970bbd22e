#include "log.h"

#include <iostream>
#include <mutex>

namespace tenfold::trt {
namespace {

struct Last {
  std::mutex mutex;
  std::weak_ptr<ILogger> logger;
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
  return Log(last().logger.lock());
}

Log use_logger(void* logger) {
  bool forward = false;
  const std::shared_ptr<ILogger> shared(static_cast<ILogger*>(logger), [](ILogger*) {});
  {
    std::lock_guard<std::mutex> lock(last().mutex);
    if (logger) last().logger = shared;
    forward = !last().forwarding;
    last().forwarding = true;
  }
  if (forward)
    set_log_sink([](tenfold::Severity severity, std::string_view line) {
      last_log().write(to_trt(severity), std::string(line));
    });
  return Log(shared);
}

}  // namespace tenfold::trt

extern "C" nvinfer1::ILogger* getLogger() { return tenfold::trt::last_log().logger(); }
extern "C" int getInferLibVersion() { return NV_TENSORRT_VERSION; }
