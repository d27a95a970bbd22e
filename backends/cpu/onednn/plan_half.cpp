// What all oneDNN rows answer before there is an Engine: they ask the library, and remember.
#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "backends/cpu/onednn/common.h"
#include "backends/cpu/onednn/version.h"

namespace tenfold::cpu::onednn {
namespace {

constexpr size_t kVerdicts = 8192;  // answers kept

struct Verdicts {
  std::mutex mutex;
  std::unordered_map<std::string, std::string> reasons;  // of "row|problem"; empty: yes
};
Verdicts& verdicts() {
  static Verdicts instance;
  return instance;
}

// Some primitives take post-ops whose operands they then do not expect: they fail when they run.
bool takes_operands(const Description& d) {
  int expected = 0;
  dnnl::error::wrap_c_api(
      dnnl_primitive_desc_query(d.primitive.get(), dnnl_query_num_of_inputs_s32, 0, &expected),
      "cannot ask a primitive for its inputs");
  return expected == std::count_if(d.binds.begin(), d.binds.end(), [](const Bind& b) {
           return b.where == Bind::Where::kInput || b.where == Bind::Where::kPacked;
         });
}

}  // namespace

FormatTuple uniform(const Problem& problem, Layout layout) {
  FormatTuple tuple;
  auto format = [&](const Operand& o) {
    const bool room = o.dims.size() >= 3 && !o.constant;
    return Format{DType::kF32, room ? layout : Layout::linear()};
  };
  for (const Operand& o : problem.inputs) tuple.inputs.push_back(format(o));
  for (const Operand& o : problem.outputs) tuple.outputs.push_back(format(o));
  return tuple;
}

std::vector<FormatTuple> OnednnRow::layouts(const Problem& open) const {
  if (open.outputs[0].dims.size() < 3) return {uniform(open, Layout::linear())};
  return {uniform(open, Layout::channels_last()), uniform(open, Layout::linear())};
}

namespace {

// What is one primitive at one size may be another, or oneDNN's reference, or none, at the next:
// the row is asked at the tuning sizes, the smallest, the largest, and one beside the tuning sizes,
// where operands that had the output's extents there may have others.
std::vector<Problem> at_all_sizes(const Problem& closed) {
  std::vector<Problem> sizes{at_tuning(closed)};
  if (closed.symbols.empty()) return sizes;
  SymbolValues smallest, beside;
  for (const Symbol& s : closed.symbols) {
    const int64_t tuning = std::max<int64_t>(s.tune, 1);
    smallest.set(s.name, std::max<int64_t>(s.min, 1));
    beside.set(s.name, tuning < s.max ? tuning + 1 : std::max<int64_t>(tuning - 1, 1));
  }
  for (const SymbolValues& values : {smallest, beside, closed.largest()}) {
    Problem bound = closed.bind(values);
    if (std::find(sizes.begin(), sizes.end(), bound) == sizes.end())
      sizes.push_back(std::move(bound));
  }
  return sizes;
}

}  // namespace

Verdict OnednnRow::ask(const Problem& closed) const {
  std::string key = std::string(name()) + "|" + closed.str();
  {
    std::lock_guard lock(verdicts().mutex);
    const auto found = verdicts().reasons.find(key);
    if (found != verdicts().reasons.end())
      return found->second.empty() ? Verdict{} : Verdict::no(found->second);
  }
  std::string reason;
  try {
    for (const Problem& bound : at_all_sizes(closed)) {
      const Description d = describe(bound, nullptr);
      if (is_reference(d.primitive))
        reason = std::string("oneDNN has only its reference for this (") +
                 d.primitive.impl_info_str() + ")" +
                 (bound == at_tuning(closed) ? "" : " at another size: " + bound.str());
      else if (!takes_operands(d))
        reason = "oneDNN accepts an operand of the expression, but does not take it";
      if (!reason.empty()) break;
    }
  } catch (const Error& error) {
    reason = error.what();
  } catch (const dnnl::error& error) {
    reason = error.status == dnnl_unimplemented
                 ? std::string("oneDNN does not implement this")
                 : std::string("oneDNN refuses this: ") + error.what();
  }
  std::lock_guard lock(verdicts().mutex);
  if (verdicts().reasons.size() >= kVerdicts) verdicts().reasons.clear();
  verdicts().reasons[key] = reason;
  return reason.empty() ? Verdict{} : Verdict::no(reason);
}

static bool all_f32(const Problem& p, std::string* why) {
  auto check = [&](const Operand& o) {
    if (o.format.dtype == DType::kF32) return true;
    *why = "an operand is " + std::string(to_string(o.format.dtype)) +
           ": this row computes in f32 only";
    return false;
  };
  for (const Operand& o : p.inputs)
    if (!check(o)) return false;
  for (const Operand& o : p.outputs)
    if (!check(o)) return false;
  return true;
}

Verdict OnednnRow::supports(const Problem& problem, const Target& target) const {
  if (Verdict v = serves(problem, target); !v) return v;
  if (problem.inputs.empty() || problem.outputs.empty()) return Verdict::no("there is no operand");
  std::string why;
  if (!all_f32(problem, &why)) return Verdict::no(why);
  if (problem.compute != DType::kF32 || problem.accumulate != DType::kF32)
    return Verdict::no("computes in f32 only");
  if (const int k = packed_input(problem); k >= 0)
    if (k >= static_cast<int>(problem.inputs.size()) ||
        !problem.inputs[static_cast<size_t>(k)].constant)
      return Verdict::no("input " + std::to_string(k) + " must be a constant");
  if (problem.closed) return ask(problem);
  Verdict first = Verdict::no("no layout fits");
  bool any = false;
  for (const FormatTuple& tuple : layouts(problem)) {
    Verdict v = ask(close_problem(problem, tuple));
    if (v) return v;
    if (!any) first = v;
    any = true;
  }
  return first;
}

std::vector<FormatTuple> OnednnRow::formats(const Problem& problem, const Target& target,
                                            TypeSet) const {
  std::vector<FormatTuple> list;
  for (FormatTuple& tuple : layouts(problem))
    if (supports(close_problem(problem, tuple), target)) list.push_back(std::move(tuple));
  return list;
}

Needs OnednnRow::needs(const Problem& problem, const Tactic&, const Target&) const {
  Needs needs;
  try {
    const Description d = describe(at_tuning(problem), nullptr);
    needs.step_scratch = static_cast<int64_t>(d.primitive.scratchpad_desc().get_size());
  } catch (const std::exception&) {
    // Refused: supports says why.
  }
  return needs;
}

std::string OnednnRow::version(const Target& target) const {
  const std::string given = target.s("onednn");
  return "onednn " + (given.empty() ? onednn::version() : given);
}

bool OnednnRow::packs(const Problem& problem, int k) const { return k == packed_input(problem); }

}  // namespace tenfold::cpu::onednn
