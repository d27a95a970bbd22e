// Plan::diff: how two plans of (usually) one model differ.
#include <algorithm>

#include "src/plan/text.h"

namespace tenfold {

namespace {

using Lines = std::vector<std::string>;

void compare(Lines& lines, const std::string& where, const char* what, const std::string& a,
             const std::string& b) {
  if (a != b)
    lines.push_back(where + ": " + what + " " + (a.empty() ? "none" : a) + " | " +
                    (b.empty() ? "none" : b));
}

std::string programs_text(const Step& step) {
  std::string out;
  for (const uint32_t callee : step.programs)
    out += (out.empty() ? "" : ",") + std::to_string(callee);
  return out;
}

void compare_steps(Lines& lines, const std::string& place, const Step& a, const Step& b) {
  const std::string where = place + ", step '" + a.name + "'";
  compare(lines, where, "row", a.row, b.row);
  compare(lines, where, "kind", std::string(to_string(a.kind)), std::string(to_string(b.kind)));
  compare(lines, where, "tactic", a.tactic, b.tactic);
  compare(lines, where, "programs", programs_text(a), programs_text(b));
  compare(lines, where, "formats", formats_text(a.problem), formats_text(b.problem));
  compare(lines, where, "tuned", human_us(a.tuned_us), human_us(b.tuned_us));
  compare(lines, where, "estimated", human_us(a.estimated_us), human_us(b.estimated_us));
}

// Steps are paired by name, the k-th of a name with the k-th.
void compare_programs(Lines& lines, const std::string& place, const Program& a, const Program& b) {
  compare(lines, place, "guard", guard_text(a.symbols), guard_text(b.symbols));
  std::map<std::string, std::vector<const Step*>> other;
  for (const Step& s : b.steps) other[s.name].push_back(&s);
  std::map<std::string, size_t> seen;
  for (const Step& s : a.steps) {
    const auto found = other.find(s.name);
    const size_t k = seen[s.name]++;
    if (found == other.end() || k >= found->second.size())
      lines.push_back(place + ": step '" + s.name + "' (" + s.row + ") only in the first");
    else
      compare_steps(lines, place, s, *found->second[k]);
  }
  for (const auto& [name, steps] : other)
    for (size_t k = seen.count(name) ? seen[name] : 0; k < steps.size(); ++k)
      lines.push_back(place + ": step '" + name + "' (" + steps[k]->row + ") only in the second");
}

std::string bindings_text(const Section& s) {
  std::string out;
  for (const Binding& b : s.bindings)
    out += std::string(b.is_input ? "in " : "out ") + b.name + " " + b.type.str() +
           layout_suffix(b.format) + "; ";
  return out;
}

void compare_sections(Lines& lines, const std::string& place, const Section& a, const Section& b) {
  compare(lines, place, "target", a.target.str(), b.target.str());
  compare(lines, place, "bindings", bindings_text(a), bindings_text(b));
  compare(lines, place, "constants", std::to_string(a.constants.size()),
          std::to_string(b.constants.size()));
  compare(lines, place, "constant data", human_bytes(static_cast<int64_t>(a.data_bytes)),
          human_bytes(static_cast<int64_t>(b.data_bytes)));
  compare(lines, place, "programs", std::to_string(a.programs.size()),
          std::to_string(b.programs.size()));
  for (size_t k = 0; k < std::min(a.programs.size(), b.programs.size()); ++k)
    compare_programs(lines, place + ", program " + std::to_string(k), a.programs[k], b.programs[k]);
}

}  // namespace

std::vector<std::string> Plan::diff(const Plan& a, const Plan& b) {
  Lines lines;
  compare(lines, "plan", "name", a.name, b.name);
  compare(lines, "plan", "labels", std::to_string(a.labels.size()),
          std::to_string(b.labels.size()));
  compare(lines, "plan", "sections", std::to_string(a.sections.size()),
          std::to_string(b.sections.size()));
  for (size_t k = 0; k < std::min(a.sections.size(), b.sections.size()); ++k)
    compare_sections(lines, "section " + std::to_string(k), a.sections[k], b.sections[k]);
  return lines;
}

}  // namespace tenfold
