#include "src/compile/choice.h"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "src/compile/siblings.h"
#include "src/compile/slices.h"

namespace tenfold::select {
namespace {

// Symbols of one program: the profile's tuning sizes and ranges over the graph's.
std::vector<Symbol> profile_symbols(const Graph& graph, const Profile& profile) {
  std::vector<Symbol> symbols = graph.symbols();
  for (Symbol& s : symbols) {
    s.min = 0;
    if (const auto it = profile.range.find(s.name); it != profile.range.end()) {
      s.min = it->second.first;
      s.max = it->second.second;
    }
    if (const int64_t* tune = profile.tune.find(s.name)) s.tune = *tune;
    if (s.min < 0 || s.max < s.min || s.tune < s.min || s.tune > s.max)
      throw Error(Code::kInvalid, "symbol " + s.name + ": tuning size " + std::to_string(s.tune) +
                                      " and range " + std::to_string(s.min) + ".." +
                                      std::to_string(s.max) + " do not fit");
  }
  return symbols;
}

std::vector<Profile> profiles_of(const CompileOptions& options) {
  return options.profiles.empty() ? std::vector<Profile>{Profile{}} : options.profiles;
}

class Chooser {
 public:
  Chooser(const Target& target, const CompileOptions& options, Costs& costs)
      : target_(target), options_(options), costs_(costs) {}

  std::unique_ptr<Choice> choose(const Graph& graph, std::vector<std::string>& remarks) {
    std::unique_ptr<Choice> best = selected(graph);
    const double apart = best->us;
    std::set<std::vector<std::string>> seen;
    for (const Siblings which : {Siblings::kAll, Siblings::kApart}) {
      std::vector<std::string> names;
      const std::optional<Graph> merged = merge_siblings(graph, which, names);
      if (!merged || !seen.insert(names).second) continue;
      std::unique_ptr<Choice> other;
      try {
        other = selected(*merged);
      } catch (const Error& error) {
        if (error.code() != Code::kUnsupported) throw;
        remarks.push_back("sibling convolutions stay apart: " + std::string(error.what()));
        continue;
      }
      remarks.push_back(fmt::format(
          "{} sets of sibling convolutions{} as one: {:.1f} us, apart: {:.1f} us ({})",
          names.size(),
          which == Siblings::kApart ? ", those that a concatenation takes left out," : "",
          other->us, apart, fmt::join(names, "; ")));
      if (other->us < best->us && other->us < kWorthMerging * apart) best = std::move(other);
    }
    return best;
  }

 private:
  static constexpr double kWorthMerging = 0.995;  // less is within what times vary by

  std::unique_ptr<Choice> selected(const Graph& graph) {
    auto choice = std::make_unique<Choice>(graph);
    for (const Profile& profile : profiles_of(options_)) {
      auto s = std::make_unique<Selected>();
      const std::vector<Symbol> symbols = profile_symbols(choice->graph, profile);
      s->found =
          collect_candidates(choice->graph, target_, options_, symbols, costs_, &s->explanation);
      s->conversions =
          std::make_unique<Conversions>(choice->graph, target_, options_, s->found.symbols, costs_);
      s->selection = select::select(choice->graph, s->found, *s->conversions);
      choose_slices(choice->graph, target_, s->selection, *s->conversions, costs_, &s->explanation);
      choice->us += s->selection.us;
      choice->profiles.push_back(std::move(s));
    }
    return choice;
  }

  const Target& target_;
  const CompileOptions& options_;
  Costs& costs_;
};

}  // namespace

std::unique_ptr<Choice> choose(const Graph& graph, const Target& target,
                               const CompileOptions& options, Costs& costs,
                               std::vector<std::string>& remarks) {
  return Chooser(target, options, costs).choose(graph, remarks);
}

}  // namespace tenfold::select
