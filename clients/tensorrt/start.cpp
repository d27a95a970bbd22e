#include "start.h"

#include <atomic>

#include "platform.h"
#include "plugin.h"

namespace tenfold::trt {

Log start(void* logger) {
  const Log log = use_logger(logger);
  guarded(log, "start", 0, [] { return register_plugin_row(), 0; });
  static std::atomic<bool> told{false};
  const std::string notice = platform::notice();
  if (!notice.empty() && !told.exchange(true)) log.warn(notice);
  return log;
}

}  // namespace tenfold::trt
