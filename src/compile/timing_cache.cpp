#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <sstream>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "src/base/file.h"
#include "tenfold/compile.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

constexpr std::string_view kHeader = "tenfold-timing-cache 1";
constexpr double kMostMicroseconds = 1e12;  // a time is below

std::string joined(const TimingCache::Key& key) {
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(key.problem));
  return std::string(hash) + "\t" + key.row + "\t" + key.tactic + "\t" + key.machine;
}

// Microseconds as the file has them, in every locale.
std::string text_of(double us) { return fmt::format("{:.4f}", us); }

// -1 where there is no time.
double time_of(const std::string& text) {
  double us = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), us);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && us <= kMostMicroseconds ? us : -1;
}

struct Entry {
  double us;
  std::string problem;
};
using Entries = std::map<std::string, Entry>;  // by joined key

// A line an entry: hash, row, tactic, machine, microseconds, the Problem's text; tab-separated.
// Lines that do not parse are skipped and counted, so that a damaged file loses only those. Entries
// that are there already stay.
int64_t read_entries(const std::string& path, Entries& entries) {
  std::string text;
  try {
    text = read_file(path, int64_t{1} << 30);
  } catch (const Error& e) {
    if (e.code() == Code::kNotFound) return 0;
    throw;
  }
  if (text.empty()) return 0;  // as mktemp makes one
  const size_t end = text.find_first_of("\r\n");
  if (text.substr(0, end) != kHeader)
    throw Error(Code::kInvalid, path + ": not a timing cache", {"delete it or name another file"});
  std::istringstream lines(text.substr(kHeader.size()));
  std::string line;
  int64_t skipped = 0;
  while (std::getline(lines, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line == kHeader) continue;  // files may be concatenated
    std::vector<std::string> field;
    std::istringstream parts(line);
    for (std::string f; std::getline(parts, f, '\t');) field.push_back(f);
    const double us = field.size() == 6 ? time_of(field[4]) : -1;
    if (field.size() != 6 || field[0].size() != 16 || !(us >= 0)) {
      ++skipped;
      continue;
    }
    const std::string key = field[0] + "\t" + field[1] + "\t" + field[2] + "\t" + field[3];
    entries.try_emplace(key, Entry{us, field[5]});
  }
  return skipped;
}

// What other builds have added since the file was read is kept; a time of both is this build's,
// whose plan was made by it.
void keep_others(const std::string& path, Entries& entries) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return;
  try {
    read_entries(path, entries);
  } catch (const Error&) {  // no cache any more: it is replaced
  }
}

}  // namespace

struct TimingCache::Impl {
  mutable std::mutex mutex;
  Entries entries;
  mutable int64_t hits = 0, misses = 0;
};

TimingCache::TimingCache() : impl_(std::make_unique<Impl>()) {}
TimingCache::~TimingCache() = default;

std::unique_ptr<TimingCache> TimingCache::load(const std::string& path) {
  auto cache = std::make_unique<TimingCache>();
  const int64_t skipped = read_entries(path, cache->impl_->entries);
  if (skipped)
    log(Severity::kWarning, path + ": skipped " + std::to_string(skipped) + " damaged lines");
  return cache;
}

void TimingCache::save(const std::string& path) const {
  Entries entries;
  {
    std::lock_guard lock(impl_->mutex);
    entries = impl_->entries;
  }
  const FolderLock one_at_a_time(path);
  keep_others(path, entries);
  std::string text(kHeader);
  text += "\n";
  for (const auto& [key, entry] : entries)
    text += key + "\t" + text_of(entry.us) + "\t" + entry.problem + "\n";
  write_file_atomic(path, text);
}

std::optional<double> TimingCache::find(const Key& key) const {
  std::lock_guard lock(impl_->mutex);
  const auto found = impl_->entries.find(joined(key));
  if (found == impl_->entries.end()) {
    ++impl_->misses;
    return std::nullopt;
  }
  ++impl_->hits;
  return found->second.us;
}

void TimingCache::insert(const Key& key, double us, const std::string& problem_text) {
  std::lock_guard lock(impl_->mutex);
  // Kept as the file keeps it, so that a fresh build and one from the file decide alike.
  impl_->entries[joined(key)] = {time_of(text_of(us)), problem_text};
}

int64_t TimingCache::size() const {
  std::lock_guard lock(impl_->mutex);
  return static_cast<int64_t>(impl_->entries.size());
}
int64_t TimingCache::hits() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->hits;
}
int64_t TimingCache::misses() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->misses;
}

}  // namespace tenfold
