// How far a command is, on stderr.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli.h"

namespace tenfold::cli {

void ProgressPrinter::add(CLI::App& app, std::string& mode) {
  app.add_option("--progress", mode,
                 "auto (a bar on a terminal, lines when piped), bar, lines, json, none")
      ->check(one_of({"auto", "bar", "lines", "json", "none"}))
      ->capture_default_str();
}

// A terminal that can go back to the start of a line and clear it.
static bool draws_bars() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) && !(terminal && std::string_view(terminal) == "dumb");
}

static void clear_line() { (void)std::fputs("\r\033[K", stderr); }

ProgressPrinter::ProgressPrinter(const std::string& mode) : mode_(mode) {
  if (mode_.empty() || mode_ == "auto") mode_ = draws_bars() ? "bar" : "lines";
}

ProgressPrinter::~ProgressPrinter() {
  if (open_line_) clear_line();
}

ProgressFn ProgressPrinter::function() {
  return [this](const Progress& p) { return report(p); };
}

bool ProgressPrinter::report(const Progress& p) {
  if (mode_ == "none") return true;
  const bool fresh = phase_ != p.phase;
  const int percent = p.total > 0 ? static_cast<int>(100 * p.done / p.total) : -1;
  if (fresh) {
    phase_ = std::string(p.phase);
    shown_ = -1000;
  }
  if (mode_ == "json") {
    nlohmann::json j{{"phase", phase_}, {"done", p.done}, {"total", p.total}};
    if (p.eta_seconds >= 0) j["eta_s"] = p.eta_seconds;
    say_line(j);
    return true;
  }
  std::string eta =
      p.eta_seconds >= 0 && percent < 100 ? fmt::format("  ETA {:.0f} s", p.eta_seconds) : "";
  if (mode_ == "bar") {
    std::string bar;
    if (percent >= 0)
      bar = fmt::format(" [{:<24}] {:3d} %",
                        std::string(static_cast<size_t>(percent) * 24 / 100, '#'), percent);
    clear_line();
    say("{}{}{}", phase_, bar, eta);
    std::fflush(stderr);
    open_line_ = true;
    return true;
  }
  if (fresh || percent >= shown_ + 20 || (percent == 100 && shown_ != 100)) {
    say("{}{}{}\n", phase_, percent >= 0 ? fmt::format(" {} %", percent) : "", eta);
    shown_ = percent;
  }
  return true;
}

void PhaseProgress::at(int64_t done, int64_t total) {
  const auto now = Clock::now();
  const double s = std::chrono::duration<double>(now - started_).count();
  const double since = std::chrono::duration<double>(now - shown_).count();
  const bool often = told_ && since < 0.1 && done < total;
  if (often || (!always_ && s < 0.5)) return;
  told_ = true;
  shown_ = now;
  const double left =
      done > 0 ? s / static_cast<double>(done) * static_cast<double>(total - done) : -1;
  (void)report_({phase_, done, total, left});
}

ProgressFn PhaseProgress::function() {
  return [this](const Progress& p) {
    if (p.done < last_) started_ = Clock::now();  // once more from the start
    last_ = p.done;
    at(p.done, p.total);
    return true;
  };
}

}  // namespace tenfold::cli
