// Suggestions for misspelt names: optimal string alignment distance (Damerau-Levenshtein without
// editing a transposed pair again), else one that begins alike; letter case ignored.
#include <algorithm>
#include <cctype>

#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr size_t kLongest = 256;  // longer names get no suggestion

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// The shortest candidate that is a longer form of the name or the name without its end; "Conv" is
// short for "Convolution".
std::string completed(const std::string& wanted, const std::vector<std::string>& candidates) {
  constexpr size_t kShortest = 4;
  std::string best;
  for (const std::string& candidate : candidates) {
    const std::string known = lower(candidate.substr(0, kLongest));
    const size_t common = std::min(known.size(), wanted.size());
    if (common < kShortest || known.compare(0, common, wanted, 0, common) != 0) continue;
    if (best.empty() || candidate.size() < best.size()) best = candidate;
  }
  return best;
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > kLongest) return {};
  const std::string wanted = lower(name);
  std::string best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const size_t gap = candidate.size() > name.size() ? candidate.size() - name.size()
                                                      : name.size() - candidate.size();
    if (gap >= best_distance) continue;
    const size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best.empty() ? completed(wanted, candidates) : best;
}

}  // namespace tenfold
