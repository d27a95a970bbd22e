#include "src/compile/slices.h"

#include <algorithm>
#include <limits>

#include "src/compile/slice_rules.h"

namespace tenfold::select {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kWorthTiming = 1.3;  // dense kernels slower than this are not timed with slices

struct Place {
  size_t group, operand;
};

// One operand of a group becomes a slice.
struct Change {
  size_t group = 0;
  Candidate choice;
};

// How one piece of a concatenation gets into its slice.
struct Piece {
  bool direct = false;  // its producer writes there; else a copy
  double us = kNever;   // more than today
  std::vector<Change> changes;
  std::string reason;   // why not direct
};

class Slicer {
 public:
  Slicer(const Graph& graph, const Target& target, Selection& selection, Conversions& conversions,
         Costs& costs, Explanation* explanation)
      : graph_(graph),
        target_(target),
        selection_(selection),
        groups_(selection.groups),
        conversions_(conversions),
        costs_(costs),
        explanation_(explanation) {
    for (size_t g = 0; g < groups_.size(); ++g) {
      const Lowered& l = groups_[g].offer->lowered;
      for (size_t k = 0; k < l.outputs.size(); ++k) producer_[l.outputs[k]] = {g, k};
      for (size_t k = 0; k < l.inputs.size(); ++k)
        if (!graph_.value(l.inputs[k]).constant.valid()) uses_[l.inputs[k]].push_back({g, k});
    }
  }

  void run() {
    std::vector<size_t> joins, splits;
    for (size_t g = 0; g < groups_.size(); ++g) {
      if (!groups_[g].chosen().row) continue;
      const Problem& p = groups_[g].chosen().problem;
      if (p.op == "Concat") joins.push_back(g);
      if (p.op == "Split" || p.op == "Slice") splits.push_back(g);
    }
    queue_ = true;  // first round: only say what will have to be timed
    for (const size_t g : joins)
      if (cannot_join(graph_, groups_[g]).empty()) gain_of_join(g);
    for (const size_t g : splits)
      if (cannot_split(graph_, groups_[g], selection_.slices).empty()) gain_of_split(g);
    costs_.measure_all("timing slices");
    queue_ = false;
    for (const size_t g : joins) join(g);
    for (const size_t g : splits) split(g);
  }

 private:
  const Lowered& lowered(size_t g) const { return groups_[g].offer->lowered; }
  const Candidate& chosen(size_t g) const { return groups_[g].chosen(); }
  int64_t channels(ValueId v) const { return graph_.type(v).shape[1].value(); }

  // `choice` with one operand a slice of a buffer of `enclosing` channels; no value with a reason.
  std::optional<Candidate> sliced(Candidate choice, bool output, size_t k, int64_t enclosing,
                                  std::string* why) const {
    Format& f = output ? choice.formats.outputs[k] : choice.formats.inputs[k];
    Operand& o = output ? choice.problem.outputs[k] : choice.problem.inputs[k];
    f.enclosing = enclosing;
    o.format = f;
    const bool willing = output ? choice.row->writes_slices() : choice.row->reads_slices();
    const std::string name(choice.row->name());
    if (!willing) {
      *why = name + (output ? " writes no slices" : " reads no slices");
      return std::nullopt;
    }
    if (const Verdict v = costs_.supports(*choice.row, choice.problem); !v) {
      *why = name + ": " + v.reason;
      return std::nullopt;
    }
    return choice;
  }

  // Fills in tactic and time; in the first round only asks for them.
  bool time(Candidate& choice) {
    if (queue_) {
      costs_.want(*choice.row, choice.problem);
      return true;
    }
    const Timed& timed = costs_.best(*choice.row, choice.problem);
    choice.tactic = timed.tactic;
    choice.us = timed.us;
    choice.measured = timed.measured;
    return timed.failure.empty();
  }

  static const Candidate* changed(size_t g, const std::vector<Change>& changes) {
    for (auto it = changes.rbegin(); it != changes.rend(); ++it)
      if (it->group == g) return &it->choice;
    return nullptr;
  }

  // What a group's choice becomes when the changes made so far are counted in: those of this
  // piece, then those of the pieces before it.
  const Candidate& current(size_t g, const std::vector<Change>& changes) const {
    if (const Candidate* own = changed(g, changes)) return *own;
    if (const Candidate* earlier = changed(g, before_)) return *earlier;
    return chosen(g);
  }

  double conversion(ValueId v, const Format& from, const Format& to) {
    return queue_ ? 0.0 : conversions_.way(v, from, to).us;
  }

  // Lets every reader of `v` but group `except` read it as a slice. Extra time; kNever with a
  // reason.
  double read_as_slice(ValueId v, const Format& dense, int64_t enclosing, size_t except,
                       std::vector<Change>& changes, std::string* why) {
    Format slice = dense;
    slice.enclosing = enclosing;
    double us = 0;
    const auto found = uses_.find(v);
    if (found == uses_.end()) return 0;
    for (const Place& use : found->second) {
      if (use.group == except) continue;
      const Candidate& now = current(use.group, changes);
      if (!now.row) {
        *why = "it is also seen as another shape";
        return kNever;
      }
      const Format& wants = now.formats.inputs[use.operand];
      if (!(wants == dense)) {
        us += conversion(v, slice, wants) - conversion(v, dense, wants);
        continue;
      }
      std::optional<Candidate> changed = sliced(now, false, use.operand, enclosing, why);
      if (!changed || !time(*changed)) return kNever;
      us += changed->us - now.us;
      changes.push_back({use.group, std::move(*changed)});
    }
    return us;
  }

  // The producer of piece `k` writes into the slice at once.
  void consider_direct(size_t join, ValueId v, const Format& whole, Piece& best) {
    const auto made = producer_.find(v);
    if (made == producer_.end()) return void(best.reason = "it is an input of the network");
    const size_t g = made->second.group;
    const Candidate now = current(g, {});
    const bool untouched = !groups_[g].instead && !changed(g, before_);
    if (!now.row) return void(best.reason = "it is a view");
    if (graph_.is_output(v)) return void(best.reason = "it is an output of the network");
    if (selection_.slices.count(v)) return void(best.reason = "it lies in another buffer already");
    if (lowered(g).outputs.size() != 1) return void(best.reason = "its step makes several values");
    const ValueId joined = lowered(join).outputs.front();
    const Format& produced = now.formats.outputs.front();
    const double today = now.us + conversion(v, produced, whole);
    std::vector<Candidate> ways{now};
    for (const Candidate& c : groups_[g].offer->candidates)
      if (c.row && untouched && c.formats.inputs == now.formats.inputs &&
          c.us <= kWorthTiming * now.us + 1)
        ways.push_back(c);
    for (const Candidate& way : ways) {
      if (!(way.formats.outputs.front() == whole)) {
        if (best.reason.empty())
          best.reason = "its producer writes " + way.formats.outputs.front().str();
        continue;
      }
      std::string why;
      std::optional<Candidate> changed = sliced(way, true, 0, channels(joined), &why);
      if (!changed || !time(*changed)) {
        best.reason = why;
        continue;
      }
      std::vector<Change> changes{{g, *changed}};
      double us = changed->us - today;
      us += read_as_slice(v, whole, channels(joined), join, changes, &why);
      if (us == kNever) best.reason = why;
      if (us < best.us) best = Piece{true, us, std::move(changes), {}};
    }
  }

  Piece piece(size_t join, size_t k) {
    const ValueId v = lowered(join).inputs[k];
    const Format whole = chosen(join).formats.outputs.front();
    Piece best;
    if (graph_.value(v).constant.valid()) {
      best.reason = "it is a constant";
      return best;
    }
    consider_direct(join, v, whole, best);
    if (queue_) return best;
    const auto made = producer_.find(v);
    const Format from = made == producer_.end()
                            ? Format{graph_.type(v).dtype, Layout::linear()}
                            : chosen(made->second.group).formats.outputs[made->second.operand];
    Format slice = whole;
    slice.enclosing = channels(lowered(join).outputs.front());
    const double us = conversions_.way(v, from, slice).us - conversions_.way(v, from, whole).us;
    if (us < best.us) best = Piece{false, us, {}, best.reason};
    return best;
  }

  std::vector<Piece> pieces_;
  std::vector<Change> before_;  // of the pieces looked at, in their order

  // Microseconds that slices save; -infinity if they cannot be.
  double gain_of_join(size_t g) {
    pieces_.clear();
    before_.clear();
    double us = 0;
    bool any = false;
    const std::vector<ValueId>& inputs = lowered(g).inputs;
    for (size_t k = 0; k < inputs.size(); ++k) {
      pieces_.push_back(std::count(inputs.begin(), inputs.end(), inputs[k]) > 1
                            ? Piece{false, kNever, {}, "it occurs twice"}
                            : piece(g, k));
      us += pieces_.back().us;
      any = any || pieces_.back().direct;
      for (const Change& change : pieces_.back().changes) before_.push_back(change);
    }
    return any ? chosen(g).us - us : -kNever;
  }

  void join(size_t g) {
    std::string why = cannot_join(graph_, groups_[g]);
    double gain = 0;
    if (why.empty()) {
      gain = gain_of_join(g);
      if (gain == -kNever)
        why = reasons();
      else if (gain <= 0)
        why = slower(gain);
    }
    if (!why.empty()) return refuse(g, why);
    const ValueId joined = lowered(g).outputs.front();
    int64_t at = 0;
    Candidate view = chosen(g);
    view.row = nullptr;
    for (size_t k = 0; k < pieces_.size(); ++k) {
      const ValueId v = lowered(g).inputs[k];
      view.formats.inputs[k] = view.formats.outputs.front();
      view.formats.inputs[k].enclosing = channels(joined);
      if (pieces_[k].direct) selection_.slices[v] = {joined, at};
      for (Change& change : pieces_[k].changes) apply(change);
      at += channels(v);
    }
    accept(g, std::move(view), gain);
  }

  std::vector<Change> changes_;

  double gain_of_split(size_t g, std::string* why = nullptr) {
    std::string ignored;
    changes_.clear();
    before_.clear();
    double us = 0;
    const Format f = chosen(g).formats.inputs.front();
    const int64_t enclosing = channels(lowered(g).inputs.front());
    for (ValueId part : lowered(g).outputs) {
      us += read_as_slice(part, f, enclosing, g, changes_, why ? why : &ignored);
      if (us == kNever) return -kNever;
    }
    return chosen(g).us - us;
  }

  void split(size_t g) {
    std::string why = cannot_split(graph_, groups_[g], selection_.slices);
    double gain = 0;
    if (why.empty()) {
      gain = gain_of_split(g, &why);
      if (gain != -kNever && gain <= 0) why = slower(gain);
    }
    if (!why.empty()) return refuse(g, why);
    Candidate view = chosen(g);
    view.row = nullptr;
    view.formats.outputs.assign(lowered(g).outputs.size(), view.formats.inputs.front());
    for (size_t k = 0; k < view.formats.outputs.size(); ++k) {
      view.formats.outputs[k].enclosing = channels(lowered(g).inputs.front());
      selection_.slices[lowered(g).outputs[k]] = {lowered(g).inputs.front(),
                                                  first_channel(graph_, groups_[g], k)};
    }
    for (Change& change : changes_) apply(change);
    accept(g, std::move(view), gain);
  }

  void apply(Change& change) {
    const Candidate& c = change.choice;
    if (explanation_)
      explanation_->lines.push_back({region_name(graph_, groups_[change.group].offer->region),
                                     std::string(c.row->name()),
                                     c.tactic,
                                     formats_text(c.formats),
                                     c.us,
                                     c.measured,
                                     false,
                                     {},
                                     c.problem.str()});
    groups_[change.group].instead = std::move(change.choice);
  }

  void accept(size_t g, Candidate view, double gain) {
    view.us = 0;
    selection_.us -= gain;
    if (explanation_)
      explanation_->lines.push_back({region_name(graph_, groups_[g].offer->region),
                                     "slices",
                                     {},
                                     formats_text(view.formats),
                                     0,
                                     chosen(g).measured,
                                     true,
                                     {},
                                     chosen(g).problem.str()});
    groups_[g].instead = std::move(view);
  }

  void refuse(size_t g, const std::string& why) {
    if (explanation_)
      explanation_->lines.push_back({region_name(graph_, groups_[g].offer->region),
                                     "slices",
                                     {},
                                     {},
                                     0,
                                     false,
                                     false,
                                     why,
                                     {}});
  }

  static std::string slower(double gain) {
    char text[64];
    std::snprintf(text, sizeof text, "it would take %.2f us more than the copy", -gain);
    return text;
  }

  std::string reasons() const {
    std::string text = "no part could be written in place";
    for (size_t k = 0; k < pieces_.size(); ++k)
      if (!pieces_[k].reason.empty())
        text += (k ? "; part " : ": part ") + std::to_string(k) + ": " + pieces_[k].reason;
    return text;
  }

  const Graph& graph_;
  const Target& target_;
  Selection& selection_;
  std::vector<Group>& groups_;
  Conversions& conversions_;
  Costs& costs_;
  Explanation* explanation_;
  std::map<ValueId, Place> producer_;
  std::map<ValueId, std::vector<Place>> uses_;
  bool queue_ = false;
};

}  // namespace

void choose_slices(const Graph& graph, const Target& target, Selection& selection,
                   Conversions& conversions, Costs& costs, Explanation* explanation) {
  Slicer(graph, target, selection, conversions, costs, explanation).run();
}

}  // namespace tenfold::select
