#include "src/compile/candidates.h"

#include <algorithm>
#include <limits>
#include <set>

#include "src/compile/flow.h"
#include "src/compile/pattern.h"

namespace tenfold::select {
namespace {

constexpr int kMostAbsorbed = 16;
constexpr double kHopeless = 12.0;  // estimates beyond this many times the best are not timed

// How many inputs are not constants.
int activations(const Lowered& lowered) {
  int n = 0;
  for (const Operand& o : lowered.problem.inputs) n += !o.constant;
  return n;
}

// The rows' views of one start node.
class Collector {
 public:
  Collector(const Graph& graph, const Target& target, const CompileOptions& options,
            const std::vector<Symbol>& symbols, Costs& costs, Explanation* explanation)
      : graph_(graph),
        target_(target),
        symbols_(symbols),
        costs_(costs),
        explanation_(explanation),
        rows_(rows_for(target, options)),
        permitted_(permitted_types(options)),
        absorbed_(options.keep_taps ? 0 : kMostAbsorbed) {
    for (const Row* row : rows_) {
      std::vector<Pattern> patterns;
      for (const std::string& text : row->patterns()) patterns.push_back(parse_pattern(text));
      patterns_.push_back(std::move(patterns));
    }
  }

  // Why the rows refused the last node that `of` was asked for, a reason once.
  const std::vector<std::string>& reasons() const { return reasons_; }

  Offers of(NodeId start) {
    reasons_.clear();
    check_counts(graph_, start);
    if (is_flow(graph_.node(start).op)) return {flow_offer(graph_, start, symbols_)};
    if (is_view(graph_, start)) {
      Offers views{view(start)};
      if (graph_.node(start).op == "Transpose") append(views, computed(start));
      return views;
    }
    return computed(start);
  }

 private:
  Offer view(NodeId start);
  Offers computed(NodeId start);
  void append(Offers& views, Offers more) const {
    for (Offer& o : more)
      if (o.region.nodes.size() == 1)
        for (Candidate& c : o.candidates) views.front().candidates.push_back(std::move(c));
  }
  void ask(Offer& offer, const Row& row);
  void refuse(const Region& region, const Row& row, std::string formats, std::string reason) {
    const std::string said = std::string(row.name()) + ": " + reason;
    if (std::find(reasons_.begin(), reasons_.end(), said) == reasons_.end())
      reasons_.push_back(said);
    if (!explanation_) return;
    Explanation::Line line;
    line.nodes = region_name(graph_, region);
    line.row = std::string(row.name());
    line.formats = std::move(formats);
    line.reason = std::move(reason);
    explanation_->lines.push_back(std::move(line));
  }
  bool pattern_fits(size_t row, NodeId start, std::string* why) const {
    return std::any_of(patterns_[row].begin(), patterns_[row].end(),
                       [&](const Pattern& p) { return matches(p, graph_, start, why); });
  }
  TypeSet permitted_for(const Lowered& lowered) const;

  const Graph& graph_;
  const Target& target_;
  const std::vector<Symbol>& symbols_;
  Costs& costs_;
  Explanation* explanation_;
  std::vector<const Row*> rows_;
  std::vector<std::vector<Pattern>> patterns_;
  TypeSet permitted_;
  std::vector<std::string> reasons_;
  int absorbed_;  // pointwise nodes that a region may take in
};

// A view keeps the bytes: linear in and out, or an axis permutation that turns one layout into the
// other.
Offer Collector::view(NodeId start) {
  Offer offer;
  offer.region.nodes = {start};
  offer.region.outputs = graph_.node(start).outputs;
  offer.lowered = lower(graph_, offer.region, symbols_);
  const bool transpose = graph_.node(start).op == "Transpose";
  const bool to_nchw =
      transpose && graph_.node(start).attrs.ints("perm") == std::vector<int64_t>{0, 3, 1, 2};
  std::vector<DType> types{offer.lowered.problem.inputs.at(0).format.dtype};
  if (types.front() == DType::kF32 && permitted_for(offer.lowered).contains(DType::kF16))
    types.push_back(DType::kF16);
  for (DType t : types) {
    Candidate choice;
    choice.problem = offer.lowered.problem;
    Format in{t, Layout::linear()}, out{t, Layout::linear()};
    if (transpose) (to_nchw ? out : in).layout = Layout::channels_last();
    choice.formats.inputs.assign(offer.lowered.inputs.size(), Format{t, Layout::linear()});
    choice.formats.inputs.front() = in;
    choice.formats.outputs = {out};
    offer.candidates.push_back(std::move(choice));
  }
  return offer;
}

TypeSet Collector::permitted_for(const Lowered& lowered) const {
  // A value with a permitted set of its own narrows what the profile permits.
  TypeSet set = permitted_;
  for (const auto* list : {&lowered.inputs, &lowered.outputs})
    for (ValueId v : *list) {
      const TypeSet own = graph_.value(v).permitted;
      if (!own.empty())
        set =
            TypeSet::from_bits(set.bits() & (own.bits() | (1u << static_cast<int>(DType::kTF32))));
    }
  set.insert(DType::kF32);
  return set;
}

void Collector::ask(Offer& offer, const Row& row) {
  const Problem& open = offer.lowered.problem;
  if (Verdict v = costs_.supports(row, open); !v) return refuse(offer.region, row, "", v.reason);
  int taken = 0;
  const std::vector<FormatTuple>& tuples = costs_.formats(row, open, permitted_for(offer.lowered));
  if (tuples.empty()) refuse(offer.region, row, "", "it has no formats for the operands");
  for (const FormatTuple& formats : tuples) {
    if (taken >= 8) break;
    std::string why;
    std::optional<Problem> closed = close(open, formats, &why);
    if (closed)
      if (Verdict v = costs_.supports(row, *closed); !v) {
        why = v.reason;
        closed.reset();
      }
    if (!closed) {
      refuse(offer.region, row, formats_text(formats), why);
      continue;
    }
    ++taken;
    Candidate choice;
    choice.row = &row;
    choice.problem = std::move(*closed);
    choice.formats = formats;
    offer.candidates.push_back(std::move(choice));
  }
}

Offers Collector::computed(NodeId start) {
  std::vector<Region> regions = grow_regions(graph_, start, absorbed_);
  std::vector<Lowered> lowered;
  for (const Region& r : regions) lowered.push_back(lower(graph_, r, symbols_));
  // A row competes on its largest region, on those that are another row's largest, and on its
  // largest without a second activation: another start may take the node that joins the two.
  std::set<size_t> wanted;
  std::vector<size_t> fitting;
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string why;
    if (!pattern_fits(r, start, &why)) {
      if (!why.empty()) refuse(regions.front(), *rows_[r], "", why);
      continue;
    }
    fitting.push_back(r);
    bool largest = true;
    for (size_t k = regions.size(); k-- > 0;) {
      const bool alone = activations(lowered[k]) <= activations(lowered.front());
      if (!(largest || alone) || !costs_.supports(*rows_[r], lowered[k].problem)) continue;
      wanted.insert(k);
      largest = false;
      if (alone) break;
    }
  }
  Offers offers;
  for (size_t k : wanted) {
    Offer offer{regions[k], lowered[k], {}};
    for (size_t r : fitting) ask(offer, *rows_[r]);
    if (!offer.candidates.empty()) offers.push_back(std::move(offer));
  }
  if (wanted.empty())
    for (size_t r : fitting)
      if (Verdict v = costs_.supports(*rows_[r], lowered.front().problem); !v)
        refuse(regions.front(), *rows_[r], "", v.reason);
  return offers;
}

// Why a choice is not worth its time, empty if it is: estimates far beyond the best, and the
// specification's rows wherever another row offers something.
std::string not_worth(const Offer& offer, const Candidate& choice, Costs& costs) {
  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& c : offer.candidates)
    if (c.row && !is_reference(*c.row)) best = std::min(best, costs.estimate(*c.row, c.problem));
  if (!choice.row || best == std::numeric_limits<double>::infinity()) return {};
  if (is_reference(*choice.row))
    return "the reference is taken only where no other kernel is offered";
  if (costs.estimate(*choice.row, choice.problem) <= kHopeless * best) return {};
  return "not timed: its estimate is over " + std::to_string(static_cast<int>(kHopeless)) +
         " times the best";
}

// Asks for the times of what is worth timing.
void queue(const Offer& offer, Costs& costs) {
  for (const Candidate& c : offer.candidates)
    if (c.row && not_worth(offer, c, costs).empty()) costs.want(*c.row, c.problem);
}

// Takes the times and drops what failed to run, for the reasons that `refused` gets.
void settle(const Graph& graph, Offer& offer, Costs& costs, Explanation* explanation,
            std::vector<std::string>& refused) {
  std::vector<std::string> reasons;
  for (const Candidate& c : offer.candidates) reasons.push_back(not_worth(offer, c, costs));
  std::vector<Candidate> kept;
  for (size_t k = 0; k < offer.candidates.size(); ++k) {
    Candidate& c = offer.candidates[k];
    if (c.row && reasons[k].empty()) {
      const Timed& timed = costs.best(*c.row, c.problem);
      c.tactic = timed.tactic;
      c.us = timed.us;
      c.measured = timed.measured;
      reasons[k] = timed.failure;
    }
    if (explanation && c.row)
      explanation->lines.push_back({region_name(graph, offer.region), std::string(c.row->name()),
                                    c.tactic, formats_text(c.formats), c.us, c.measured, false,
                                    reasons[k], c.problem.str()});
    if (reasons[k].empty())
      kept.push_back(std::move(c));
    else if (c.row)
      refused.push_back(std::string(c.row->name()) + ": " + reasons[k]);
  }
  offer.candidates = std::move(kept);
}

}  // namespace

bool is_reference(const Row& row) { return row.name().substr(0, 4) == "ref."; }

double Offer::best_us() const {
  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& c : candidates) best = std::min(best, c.us);
  return best;
}

TypeSet permitted_types(const CompileOptions& options) {
  TypeSet set{DType::kF32};
  if (options.fp16) set.insert(DType::kF16);
  if (options.tf32) set.insert(DType::kTF32);
  return set;
}

std::vector<const Row*> rows_for(const Target& target, const CompileOptions& options) {
  std::vector<const Row*> rows;
  for (const Row* row : all_rows()) {
    if (row->backend() != target.kind) continue;
    const bool excluded =
        std::any_of(options.exclude_rows.begin(), options.exclude_rows.end(),
                    [&](const std::string& p) { return row->name().substr(0, p.size()) == p; });
    if (!excluded) rows.push_back(row);
  }
  return rows;
}

std::string region_name(const Graph& graph, const Region& region) {
  std::string name;
  for (NodeId id : region.nodes) {
    const Node& node = graph.node(id);
    const std::string part = node.name.empty() ? node.op : node.name;
    name += (name.empty() ? "" : " + ") + part;
  }
  return name;
}

std::string formats_text(const FormatTuple& formats) {
  std::string text;
  for (const Format& f : formats.inputs) text += (text.empty() ? "" : ",") + f.str();
  text += "->";
  for (size_t k = 0; k < formats.outputs.size(); ++k)
    text += (k ? "," : "") + formats.outputs[k].str();
  if (formats.compute != DType::kF32) text += " " + std::string(to_string(formats.compute));
  return text;
}

std::optional<Problem> close(const Problem& open, const FormatTuple& formats, std::string* why) {
  const auto refuse = [&](std::string reason) {
    if (why) *why = std::move(reason);
    return std::nullopt;
  };
  if (formats.inputs.size() != open.inputs.size() || formats.outputs.size() != open.outputs.size())
    return refuse("the row's formats do not cover all operands");
  const auto pinned = [](const Operand& o, const Format& f) {
    return o.format.dtype != DType::kF32 && f.dtype != o.format.dtype;
  };
  for (size_t k = 0; k < open.inputs.size(); ++k)
    if (pinned(open.inputs[k], formats.inputs[k]))
      return refuse("input " + std::to_string(k) + " must stay " +
                    std::string(to_string(open.inputs[k].format.dtype)));
  for (size_t k = 0; k < open.outputs.size(); ++k)
    if (pinned(open.outputs[k], formats.outputs[k]))
      return refuse("output " + std::to_string(k) + " must stay " +
                    std::string(to_string(open.outputs[k].format.dtype)));
  return close_problem(open, formats);
}

Candidates collect_candidates(const Graph& graph, const Target& target,
                              const CompileOptions& options, const std::vector<Symbol>& symbols,
                              Costs& costs, Explanation* explanation) {
  Candidates found;
  found.symbols = symbols;
  Collector collector(graph, target, options, symbols, costs, explanation);
  for (NodeId id : graph.order()) {
    const Offers& offers = found.by_start[id] = collector.of(id);
    if (offers.empty()) found.refused[id] = collector.reasons();
  }
  for (auto& [id, list] : found.by_start)
    for (const Offer& offer : list) queue(offer, costs);
  costs.measure_all("timing kernels");
  for (auto& [id, list] : found.by_start) {
    std::vector<std::string> refused;
    for (Offer& offer : list) settle(graph, offer, costs, explanation, refused);
    const bool left = std::any_of(list.begin(), list.end(),
                                  [](const Offer& offer) { return !offer.candidates.empty(); });
    if (!left && !list.empty()) found.refused[id] = std::move(refused);
  }
  return found;
}

}  // namespace tenfold::select
