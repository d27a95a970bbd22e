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
    const std::vector<SiblingSet> sets = find_siblings(graph);
    std::unique_ptr<Choice> best = selected(graph);
    if (sets.empty()) return best;
    const double apart = best->us;
    Spelling spelling(sets.size(), Way::kApart);
    std::set<std::vector<std::string>> seen{{}};
    // Looks at another spelling and takes it if it is `worth` times as fast. Whether it was new.
    const auto look = [&](const Spelling& other, double worth, const std::string& what) {
      const std::vector<SiblingSet> merged = merged_sets(sets, other);
      std::vector<std::string> names;
      for (const SiblingSet& set : merged) names.push_back(name_of(graph, set));
      if (!seen.insert(names).second) return;
      try {
        std::unique_ptr<Choice> choice = selected(merge_siblings(graph, merged));
        if (!what.empty())
          remarks.push_back(fmt::format(
              "{} sets of sibling convolutions{}as one: {:.1f} us, apart: {:.1f} us ({})",
              names.size(), what, choice->us, apart, fmt::join(names, "; ")));
        if (choice->us >= worth * best->us) return;
        best = std::move(choice);
        spelling = other;
      } catch (const Error& error) {
        if (error.code() != Code::kUnsupported) throw;
        remarks.push_back("sibling convolutions stay apart: " + std::string(error.what()));
      }
    };
    look(Spelling(sets.size(), Way::kWhole), kWorthMerging, " ");
    look(Spelling(sets.size(), Way::kUnjoined), kWorthMerging,
         ", those that a concatenation takes left out, ");
    const double uniform = best->us;
    if (sets.size() <= kMostSearched)
      for (size_t k = 0; k < sets.size(); ++k)
        for (const Way way : {Way::kApart, Way::kWhole, Way::kUnjoined}) {
          Spelling other = spelling;
          other[k] = way;
          look(other, kWorthChanging, "");
        }
    if (best->us < uniform) remarks.push_back(remark(graph, sets, spelling, best->us, uniform));
    return best;
  }

 private:
  enum class Way {
    kApart,
    kWhole,
    kUnjoined,  // without those whose result a concatenation takes
  };
  using Spelling = std::vector<Way>;  // a way for each set

  static std::vector<SiblingSet> merged_sets(const std::vector<SiblingSet>& sets,
                                             const Spelling& spelling) {
    std::vector<SiblingSet> merged;
    for (size_t k = 0; k < sets.size(); ++k) {
      SiblingSet set = spelling[k] == Way::kApart ? SiblingSet{} : sets[k];
      if (spelling[k] == Way::kUnjoined)
        std::erase_if(set, [](const Sibling& s) { return s.joined; });
      if (set.size() > 1) merged.push_back(std::move(set));
    }
    return merged;
  }

  static std::string remark(const Graph& graph, const std::vector<SiblingSet>& sets,
                            const Spelling& spelling, double us, double uniform) {
    std::vector<std::string> names;
    for (const SiblingSet& set : merged_sets(sets, spelling)) names.push_back(name_of(graph, set));
    return fmt::format("sibling convolutions set by set: {:.1f} us, all alike: {:.1f} us ({})", us,
                       uniform,
                       names.empty() ? "none as one" : fmt::format("{}", fmt::join(names, "; ")));
  }

  static constexpr double kWorthMerging = 0.995;  // less is within what times vary by
  static constexpr double kWorthChanging = 0.999;  // of one set
  static constexpr size_t kMostSearched = 16;  // sets

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
