// A program's steps, buffers and symbols: references, extents, ranges, who writes what is read.
#include <algorithm>
#include <map>
#include <set>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/plan/order.h"
#include "src/plan/storage.h"
#include "src/plan/verify.h"

namespace tenfold {

namespace {

constexpr size_t kMaxSymbols = 1u << 8;  // as a Problem's; they are searched linearly
// Steps of an entry, and its buffers, those of called programs counted at each call.
constexpr size_t kMaxUnfolded = 1u << 16;

SymbolValues largest_of(const std::vector<Symbol>& symbols) {
  if (symbols.size() > kMaxSymbols) bad("more than 256 symbols");
  SymbolValues values;
  for (const Symbol& s : symbols) values.set(s.name, s.max);
  return values;
}

// What the entry and all that it calls have so far.
struct Unfolded {
  size_t steps = 0, buffers = 0;
  std::vector<char> seen;  // by program
};

// One program of a section as it is entered, or called from one place.
class ProgramVerifier {
 public:
  // `bindings`: the section's, or the parameters of a called program, whose caller has the symbols
  // `outer` (null: an entry).
  ProgramVerifier(const Section& section, size_t index, const std::vector<Binding>& bindings,
                  const std::vector<Symbol>* outer, int depth, Unfolded& unfolded)
      : section_(section),
        index_(index),
        program_(section.programs[index]),
        bindings_(bindings),
        outer_(outer),
        depth_(depth),
        unfolded_(unfolded),
        values_{program_, bindings_, section.constants},
        largest_(largest_of(program_.symbols)) {}

  void run() {
    if (depth_ > kMaxCallDepth) bad("programs call each other more than 16 deep");
    if ((unfolded_.steps += program_.steps.size() + 1) > kMaxUnfolded ||
        (unfolded_.buffers += program_.buffers.size()) > kMaxUnfolded)
      bad("more than 65536 steps or buffers, those of called programs counted at each call");
    first_ = !std::exchange(unfolded_.seen.at(index_), 1);
    if (program_.steps.size() > kMaxSteps || program_.buffers.size() > kMaxBuffers)
      bad("more than 16384 steps or buffers");
    verify_symbols();
    for (size_t k = 0; k < bindings_.size(); ++k)
      within("binding '" + bindings_[k].name + "'", [&] {
        bytes_of(values_, {ValueRef::Kind::kBinding, static_cast<uint32_t>(k)}, largest_);
      });
    for (size_t k = 0; k < program_.buffers.size(); ++k)
      within("buffer '" + program_.buffers[k].name + "'", [&] { verify_buffer(k); });
    for (size_t k = 0; k < program_.steps.size(); ++k)
      within("step " + std::to_string(k) + " '" + program_.steps[k].name + "'",
             [&] { verify_step(k); });
    const StepOrder order(program_.steps);
    verify_reads(order);
    verify_counts(order);
    verify_outputs();
    for (const Tap& tap : program_.taps)
      within("tap '" + tap.name + "'", [&] {
        if (tap.value.kind == ValueRef::Kind::kNone) bad("it names no value");
        if (tap.after_step >= program_.steps.size()) bad("its step does not exist");
        region_of(values_, tap.value, largest_);
      });
  }

 private:
  void verify_symbols() {
    std::set<std::string> names;
    for (const Symbol& s : program_.symbols) {
      if (s.name.empty() || !names.insert(s.name).second)
        bad("symbol '" + s.name + "' occurs twice");
      if (s.min < 0 || s.max < s.min) bad("symbol '" + s.name + "' has an empty range");
      if (outer_ != nullptr) verify_inner_symbol(s);
    }
  }

  const Symbol* outer_symbol(const std::string& name) const {
    if (outer_ == nullptr) return nullptr;
    const auto found = std::find_if(outer_->begin(), outer_->end(),
                                    [&](const Symbol& s) { return s.name == name; });
    return found == outer_->end() ? nullptr : &*found;
  }

  // A called program must serve every size that its caller may have.
  void verify_inner_symbol(const Symbol& s) const {
    const Symbol* caller = outer_symbol(s.name);
    if (caller == nullptr && !s.data_dependent)
      bad("the caller does not know symbol '" + s.name + "'");
    if (caller != nullptr &&
        (caller->min < s.min || caller->max > s.max || caller->data_dependent != s.data_dependent))
      bad("symbol '" + s.name + "' may leave the called program's range");
  }

  void verify_buffer(size_t k) {
    const PlanBuffer& b = program_.buffers[k];
    verify_format(b.format, b.dims.size());
    if (b.inside >= 0) {
      if (b.same_as.kind != ValueRef::Kind::kNone) bad("it is both a view and a slice");
      if (static_cast<size_t>(b.inside) >= program_.buffers.size()) bad("its whole does not exist");
      const Format& whole = program_.buffers[static_cast<size_t>(b.inside)].format;
      if (!(whole.layout == b.format.layout) || whole.dtype != b.format.dtype)
        bad("it is stored in another way than its whole");
    } else if (b.inside != -1) {
      bad("its whole does not exist");
    }
    region_of(values_, buffer_ref(static_cast<uint32_t>(k)), largest_);
  }

  void verify_step(size_t k) {
    const Step& step = program_.steps[k];
    for (const uint32_t dep : step.deps)
      if (dep >= k) bad("it waits for a step that is not earlier");
    for (const uint32_t callee : step.programs)
      if (callee <= index_ || callee >= section_.programs.size())
        bad("it calls a program that is not a later one");
    if (!calls_programs(step.kind) && !step.programs.empty()) bad("it can call no program");
    if (step.artifact < -1 || step.artifact >= static_cast<int64_t>(section_.artifacts.size()))
      bad("its artifact does not exist");
    if (step.device >= std::max<size_t>(section_.devices.size(), 1))
      bad("its device does not exist");
    if (step.kind == StepKind::kLaunch || step.kind == StepKind::kConvert) {
      if (step.row.empty()) bad("it names no row");
      if (first_) {  // the same from wherever the program is called
        verify_problem(step.problem);
        verify_guard(step.problem);
      }
      verify_operands(step.inputs, step.problem.inputs, "input ");
      verify_operands(step.outputs, step.problem.outputs, "output ");
    } else {
      for (const auto* list : {&step.inputs, &step.outputs})
        for (const ValueRef& ref : *list) region_of(values_, ref, largest_);
    }
    for (const ValueRef& ref : step.outputs) {
      const ValueRef root = root_of(program_, ref);
      if (root.kind == ValueRef::Kind::kConstant) bad("it writes to a constant");
      if (root.kind == ValueRef::Kind::kBinding && bindings_[root.index].is_input)
        bad("it writes to input '" + bindings_[root.index].name + "'");
    }
    if (is_flow(step.kind)) verify_flow(step);
  }

  void verify_flow(const Step& step) {
    if (calls_programs(step.kind)) {
      const std::vector<Binding> parameters = parameters_of(values_, step);
      for (const uint32_t callee : step.programs)
        within("program " + std::to_string(callee), [&] {
          ProgramVerifier(section_, callee, parameters, &program_.symbols, depth_ + 1, unfolded_)
              .run();
        });
      return;
    }
    const bool scalar = step.kind == StepKind::kScalar;
    if (step.inputs.size() != (scalar ? 0 : 1) || step.outputs.size() != (scalar ? 1 : 0))
      bad("it has another number of operands");
    const Binding value =
        value_binding(values_, scalar ? step.outputs[0] : step.inputs[0], "its value", scalar);
    const DType type = value.type.dtype;
    if (!is_const(value.type.shape) || element_count(const_extents(value.type.shape)) != 1 ||
        (type != DType::kI64 && (scalar || type != DType::kBool)))
      bad(scalar ? "its result is not one i64" : "its value is not one i64 or bool");
    if (scalar) Dim::parse(step.tactic).eval(largest_);
  }

  // Who sets the sizes that only a run knows: one step each, before every scalar step that asks.
  void verify_counts(const StepOrder& order) const {
    std::map<std::string, uint32_t> setters;
    for (uint32_t k = 0; k < program_.steps.size(); ++k) {
      const std::string name = counted_by(program_.steps[k]);
      if (name.empty() && program_.steps[k].kind != StepKind::kReadBack) continue;
      const auto own = std::find_if(program_.symbols.begin(), program_.symbols.end(),
                                    [&](const Symbol& s) { return s.name == name; });
      if (own == program_.symbols.end() || !own->data_dependent)
        bad("step " + std::to_string(k) + " counts '" + name + "', which is no counted symbol");
      if (outer_symbol(name) != nullptr)
        bad("step " + std::to_string(k) + " counts '" + name + "', which is the caller's");
      if (!setters.emplace(name, k).second) bad("'" + name + "' is counted twice");
    }
    for (uint32_t k = 0; k < program_.steps.size(); ++k) {
      if (program_.steps[k].kind != StepKind::kScalar) continue;
      std::vector<std::string> used;
      Dim::parse(program_.steps[k].tactic).collect_symbols(used);
      for (const std::string& name : used)
        if (const auto setter = setters.find(name);
            setter != setters.end() && !order.before(setter->second, k))
          bad("step " + std::to_string(k) + " asks for '" + name + "' before it is counted");
    }
  }

  // The Problem must hold for every size that the program's guard lets through.
  void verify_guard(const Problem& problem) {
    for (const Symbol& s : problem.symbols) {
      const auto own = std::find_if(program_.symbols.begin(), program_.symbols.end(),
                                    [&](const Symbol& p) { return p.name == s.name; });
      if (own == program_.symbols.end()) bad("the program does not know symbol '" + s.name + "'");
      if (own->min < s.min || own->max > s.max)
        bad("symbol '" + s.name + "' may leave the Problem's range");
    }
  }

  void verify_operands(const std::vector<ValueRef>& refs, const std::vector<Operand>& operands,
                       const char* what) {
    if (refs.size() != operands.size()) bad("the Problem has another number of operands");
    for (size_t k = 0; k < refs.size(); ++k)
      within(what + std::to_string(k), [&] {
        if (refs[k].kind == ValueRef::Kind::kNone) bad("it is missing");
        if (operands[k].constant && refs[k].kind != ValueRef::Kind::kConstant)
          bad("the Problem asks for a constant");
        const Region region = region_of(values_, refs[k], largest_);
        const Extents dims = checked_extents(operands[k].dims, largest_, "dims");
        if (storage_bytes(operands[k].format, dims) > region.bytes)
          bad("the Problem's operand is larger than the value");
      });
  }

  // What a step reads, a step that it waits for has written.
  void verify_reads(const StepOrder& order) {
    std::vector<std::vector<uint32_t>> writers(program_.buffers.size());
    for (uint32_t k = 0; k < program_.steps.size(); ++k) {
      const Step& step = program_.steps[k];
      for (const ValueRef& ref : step.inputs) {
        const ValueRef root = root_of(program_, ref);
        if (root.kind != ValueRef::Kind::kBuffer) continue;
        const auto& known = writers[root.index];
        if (std::none_of(known.begin(), known.end(),
                         [&](uint32_t w) { return order.before(w, k); }))
          bad("step " + std::to_string(k) + " '" + step.name + "' reads buffer '" +
              program_.buffers[root.index].name + "', which no step that it waits for writes");
      }
      for (const ValueRef& ref : step.outputs) {
        const ValueRef root = root_of(program_, ref);
        if (root.kind == ValueRef::Kind::kBuffer) writers[root.index].push_back(k);
      }
    }
  }

  // The caller gets no output that the steps leave as it was.
  void verify_outputs() {
    std::vector<int64_t> written(bindings_.size(), 0);
    for (const Step& step : program_.steps)
      for (size_t k = 0; k < step.outputs.size(); ++k) {
        const ValueRef root = root_of(program_, step.outputs[k]);
        if (root.kind != ValueRef::Kind::kBinding) continue;
        const bool solves = k < step.problem.outputs.size();
        const int64_t bytes = solves ? written_bytes(step.problem.outputs[k])
                                     : region_of(values_, step.outputs[k], largest_).bytes;
        written[root.index] = checked_add(written[root.index], bytes);
      }
    for (size_t k = 0; k < bindings_.size(); ++k) {
      if (bindings_[k].is_input) continue;
      const ValueRef ref{ValueRef::Kind::kBinding, static_cast<uint32_t>(k)};
      if (written[k] < bytes_of(values_, ref, largest_))
        bad("output '" + bindings_[k].name + "' is not written whole");
    }
  }

  // Without what lies between the elements of a slice.
  int64_t written_bytes(const Operand& operand) const {
    Format dense = operand.format;
    dense.enclosing = 0;
    return storage_bytes(dense, checked_extents(operand.dims, largest_, "dims"));
  }

  const Section& section_;
  size_t index_;
  const Program& program_;
  const std::vector<Binding>& bindings_;
  const std::vector<Symbol>* outer_;
  const int depth_;
  Unfolded& unfolded_;
  bool first_ = true;  // call of the program
  Values values_;
  SymbolValues largest_;
};

}  // namespace

void verify_entry(const Section& section, size_t index) {
  Unfolded unfolded{0, 0, std::vector<char>(section.programs.size(), 0)};
  ProgramVerifier(section, index, section.bindings, nullptr, 0, unfolded).run();
}

}  // namespace tenfold
