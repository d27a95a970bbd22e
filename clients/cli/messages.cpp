// What the command says: lines for people, or on stderr JSON lines where the progress is JSON.
#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {
namespace {
bool as_json = false;
}

void say_as_json(bool on) { as_json = on; }

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (size_t k = 0; k < text.size(); ++k) {
    const auto c = static_cast<unsigned char>(text[k]);
    const auto next = static_cast<unsigned char>(k + 1 < text.size() ? text[k + 1] : 0);
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
      shown += fmt::format("\\u{:04x}", c);
    } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F
      shown += fmt::format("\\u{:04x}", next);
      ++k;
    } else {
      shown += text[k];
    }
  }
  return shown;
}

void put_text(std::string_view text) {
  const std::string shown = printable(text);
  // Whether it went well is asked in the end.
  (void)std::fwrite(shown.data(), 1, shown.size(), stdout);
}

void say_text(std::string_view text) {
  if (as_json) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    while (!text.empty() && text.front() == '\n') text.remove_prefix(1);
    say_line({{"message", text}});
    return;
  }
  const std::string shown = printable(text);
  (void)std::fwrite(shown.data(), 1, shown.size(), stderr);
}

void say_line(const nlohmann::json& document) {
  const std::string line =
      document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace tenfold::cli
