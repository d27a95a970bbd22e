// What the command says: lines for people, or on stderr JSON lines where the progress is JSON.
#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {
namespace {
bool as_json = false;
int put_error = 0;  // errno of the first write to stdout that failed
}  // namespace

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
  if (std::fwrite(shown.data(), 1, shown.size(), stdout) < shown.size() && put_error == 0)
    put_error = errno;
}

void flush_output() {
  if (std::fflush(stdout) != 0 && put_error == 0) put_error = errno;
}

void end_output() {
  flush_output();
  if (put_error == 0 && std::ferror(stdout) == 0) return;
  throw Error(put_error == ENOSPC || put_error == EDQUOT || put_error == EFBIG ? Code::kResource
                                                                               : Code::kIo,
              std::string("standard output: cannot be written") +
                  (put_error == 0 ? "" : std::string(": ") + std::strerror(put_error)));
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
