// Plan::describe and describe_json.
#include <algorithm>

#include "src/plan/flow.h"
#include "src/plan/text.h"

namespace tenfold {

namespace {

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

struct ConstantTotals {
  int64_t stored = 0, stored_bytes = 0, recipes = 0;
};
ConstantTotals totals_of(const Section& section) {
  ConstantTotals t;
  for (const PlanConstant& c : section.constants) {
    if (c.is_recipe) {
      ++t.recipes;
    } else {
      ++t.stored;
      t.stored_bytes += static_cast<int64_t>(c.bytes);
    }
  }
  return t;
}

std::string preprocess_text(const Preprocess& p) {
  std::string out = "pictures to input '" + p.input + "': ";
  if (p.resize_height > 0 || p.resize_width > 0)
    out += p.resize_mode + " to " + std::to_string(p.resize_height) + "x" +
           std::to_string(p.resize_width) + ", ";
  out += p.channels == 1 ? "grey" : p.bgr ? "BGR" : "RGB";
  for (size_t k = 0; k < p.border.size(); ++k)
    out += (k == 0 ? ", borders of color " : ",") + std::to_string(p.border[k]);
  return p.note.empty() ? out : out + "; " + p.note;
}

void describe_steps(const Program& program, bool verbose, std::string& out) {
  size_t name_width = 0, row_width = 0;
  for (const Step& s : program.steps) {
    name_width = std::clamp(s.name.size(), name_width, size_t{48});
    row_width = std::clamp(s.row.size(), row_width, size_t{24});
  }
  for (size_t k = 0; k < program.steps.size(); ++k) {
    const Step& s = program.steps[k];
    std::string line = "    " + padded(std::to_string(k), 4) + padded(s.name, name_width) + "  " +
                       padded(s.row.empty() ? std::string(to_string(s.kind)) : s.row, row_width);
    line += "  " + padded(s.tuned_us >= 0       ? human_us(s.tuned_us)
                          : s.estimated_us >= 0 ? "~" + human_us(s.estimated_us)
                                                : "",
                          12);
    if (!s.tactic.empty()) line += "  [" + s.tactic + "]";
    for (size_t c = 0; c < s.programs.size(); ++c)
      line += (c == 0 ? "  runs program " : " or ") + std::to_string(s.programs[c]);
    out += without_trailing_spaces(line);
    if (verbose && !s.problem.op.empty()) out += "          " + s.problem.str() + "\n";
  }
}

void describe_program(const Section& section, size_t index, bool called, bool verbose,
                      std::string& out) {
  const Program& p = section.programs[index];
  out += "  program " + std::to_string(index) + (called ? ", called: " : ": ") +
         guard_text(p.symbols) + "; " + std::to_string(p.steps.size()) + " steps, " +
         std::to_string(p.buffers.size()) + " buffers\n";
  const MemoryPlan memory = plan_memory(p, tuning_values(p.symbols), {}, nullptr, section.bindings);
  const MemoryPlan most = plan_memory(p, largest_values(p.symbols), {}, nullptr, section.bindings);
  out += "    activations: " + human_bytes(memory.peak) + " as tuned (lower bound " +
         human_bytes(memory.lower_bound) + "), " + human_bytes(most.peak) + " at most\n";
  describe_steps(p, verbose, out);
  if (!p.taps.empty()) {
    out += "    taps:";
    for (const Tap& tap : p.taps) out += " " + tap.name;
    out += "\n";
  }
}

void describe_section(const Section& s, size_t index, bool verbose, std::string& out) {
  out += "section " + std::to_string(index) + " for " + s.target.kind;
  if (!s.target.name.empty()) out += " " + s.target.name;
  out += ", computing in " + std::string(to_string(precision_of(s)));
  out += s.portable ? " (portable)\n" : "\n";
  if (verbose) out += "  target: " + s.target.str() + "\n";
  for (const bool input : {true, false})
    for (const Binding& b : s.bindings)
      if (b.is_input == input)
        out += std::string(input ? "  input " : "  output ") + b.name + ": " + b.type.str() +
               layout_suffix(b.format) + "\n";
  const ConstantTotals t = totals_of(s);
  out += "  constants: " + std::to_string(t.stored) + " stored (" + human_bytes(t.stored_bytes) +
         "), " + std::to_string(t.recipes) + " by recipe\n";
  if (!s.artifacts.empty()) {
    int64_t bytes = 0;
    for (const Artifact& a : s.artifacts) bytes += static_cast<int64_t>(a.code.size());
    out += "  machine code: " + std::to_string(s.artifacts.size()) + " pieces (" +
           human_bytes(bytes) + ")\n";
  }
  if (verbose)
    for (const PlanConstant& c : s.constants)
      if (c.is_recipe) out += "    @" + c.name + " = " + c.recipe.str() + "\n";
  const std::vector<bool> called = called_programs(s);
  for (size_t k = 0; k < s.programs.size(); ++k) describe_program(s, k, called[k], verbose, out);
}

void json_memory(JsonWriter& j, const Section& s, const Program& p, const char* key,
                 const SymbolValues& values) {
  const MemoryPlan memory = plan_memory(p, values, {}, nullptr, s.bindings);
  j.key(key).begin('{').key("peak").number(memory.peak);
  j.key("lower_bound").number(memory.lower_bound).end('}');
}

void json_texts(JsonWriter& j, const char* key, const std::vector<std::string>& list) {
  j.key(key).begin('[');
  for (const std::string& text : list) j.text(text);
  j.end(']');
}

void json_step(JsonWriter& j, const Step& s) {
  j.begin('{').key("kind").text(to_string(s.kind)).key("name").text(s.name).key("row").text(s.row);
  j.key("tactic").text(s.tactic);
  if (!s.problem.op.empty())
    j.key("problem").text(s.problem.str()).key("formats").text(formats_text(s.problem));
  json_texts(j, "sources", s.sources);
  j.key("deps").begin('[');
  for (const uint32_t dep : s.deps) j.number(dep);
  j.end(']');
  if (!s.programs.empty()) {
    j.key("programs").begin('[');
    for (const uint32_t callee : s.programs) j.number(callee);
    j.end(']');
  }
  if (s.tuned_us >= 0) j.key("tuned_us").real(s.tuned_us);
  if (s.estimated_us >= 0) j.key("estimated_us").real(s.estimated_us);
  j.end('}');
}

void json_program(JsonWriter& j, const Section& section, const Program& p) {
  j.begin('{').key("symbols").begin('[');
  for (const Symbol& s : p.symbols) {
    j.begin('{').key("name").text(s.name).key("min").number(s.min).key("max").number(s.max);
    j.key("tune").number(s.tune);
    if (s.data_dependent) j.key("counted").flag(true);
    j.end('}');
  }
  j.end(']').key("buffers").number(static_cast<int64_t>(p.buffers.size()));
  j.key("memory").begin('{');
  json_memory(j, section, p, "tuned", tuning_values(p.symbols));
  json_memory(j, section, p, "largest", largest_values(p.symbols));
  j.end('}').key("steps").begin('[');
  for (const Step& s : p.steps) json_step(j, s);
  j.end(']').key("taps").begin('[');
  for (const Tap& tap : p.taps) j.text(tap.name);
  j.end(']').end('}');
}

void json_section(JsonWriter& j, const Section& s) {
  j.begin('{').key("target").text(s.target.str()).key("portable").flag(s.portable);
  j.key("precision").text(to_string(precision_of(s)));
  j.key("bindings").begin('[');
  for (const Binding& b : s.bindings) {
    j.begin('{').key("name").text(b.name).key("type").text(b.type.str());
    j.key("format").text(b.format.str()).key("input").flag(b.is_input).end('}');
  }
  const ConstantTotals t = totals_of(s);
  j.end(']').key("constants").begin('{').key("stored").number(t.stored);
  j.key("stored_bytes").number(t.stored_bytes).key("recipes").number(t.recipes).end('}');
  j.key("artifacts").begin('[');
  for (const Artifact& a : s.artifacts) {
    j.begin('{').key("kind").text(a.kind).key("entry").text(a.entry);
    j.key("bytes").number(static_cast<int64_t>(a.code.size())).end('}');
  }
  j.end(']').key("programs").begin('[');
  for (const Program& p : s.programs) json_program(j, s, p);
  j.end(']').end('}');
}

}  // namespace

std::string Plan::describe(bool verbose) const {
  std::string out = "plan '" + name + "'";
  if (!producer.empty()) out += " by " + producer;
  out += "\n";
  if (!labels.empty()) out += "  labels: " + std::to_string(labels.size()) + "\n";
  if (preprocess.present) out += "  " + preprocess_text(preprocess) + "\n";
  for (const auto& [key, value] : metadata) out += "  " + key + ": " + value + "\n";
  for (size_t k = 0; k < sections.size(); ++k) describe_section(sections[k], k, verbose, out);
  return out;
}

std::string Plan::describe_json() const {
  JsonWriter j;
  j.begin('{').key("name").text(name).key("producer").text(producer);
  json_texts(j, "labels", labels);
  if (preprocess.present) {
    const Preprocess& p = preprocess;
    j.key("preprocess").begin('{').key("input").text(p.input).key("channels").number(p.channels);
    j.key("bgr").flag(p.bgr).key("resize_height").number(p.resize_height);
    j.key("resize_width").number(p.resize_width).key("resize_mode").text(p.resize_mode);
    j.key("border").begin('[');
    for (const int32_t value : p.border) j.number(value);
    j.end(']').key("note").text(p.note).end('}');
  }
  j.key("metadata").begin('{');
  for (const auto& [key, value] : metadata) j.key(key).text(value);
  j.end('}').key("sections").begin('[');
  for (const Section& s : sections) json_section(j, s);
  return j.end(']').end('}').take();
}

}  // namespace tenfold
