// What the command says on stderr: lines for people, or JSON lines where the progress is JSON.
#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {
namespace {
bool as_json = false;
}

void say_as_json(bool on) { as_json = on; }

void say_text(std::string_view text) {
  if (as_json) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    while (!text.empty() && text.front() == '\n') text.remove_prefix(1);
    say_line({{"message", text}});
    return;
  }
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

void say_line(const nlohmann::json& document) {
  const std::string line =
      document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace tenfold::cli
