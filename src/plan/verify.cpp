// Plan::verify: nothing that a plan says may make a reader index, allocate or loop out of bounds.
#include <algorithm>
#include <set>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/plan/order.h"
#include "src/plan/storage.h"

namespace tenfold {

namespace {

constexpr size_t kMaxRank = 16;
constexpr size_t kMaxSteps = 1u << 14;
constexpr size_t kMaxBuffers = 1u << 14;
constexpr size_t kMaxBindings = 1u << 12;
constexpr size_t kMaxPrograms = 1u << 10;
constexpr size_t kMaxUnfolded =
    1u << 16;  // steps of an entry, those of called programs counted at each call
constexpr int32_t kMaxBlock = 4096;

[[noreturn]] void bad(const std::string& what) { throw Error(Code::kInvalid, what); }

// Runs a check; whatever it throws becomes an Error{kInvalid} that begins with `where`.
template <typename Check>
void within(const std::string& where, Check&& check) {
  try {
    check();
  } catch (const Error& e) {
    throw Error(Code::kInvalid, where + ": " + e.what(), e.notes());
  }
}

void verify_format(const Format& format, size_t rank) {
  const Layout& layout = format.layout;
  if (rank > kMaxRank) bad("more than 16 dimensions");
  if (bits_of(format.dtype) == 0 || format.dtype == DType::kTF32)
    bad("element type " + std::string(to_string(format.dtype)) + " cannot be stored");
  if (layout.pad < 1 || layout.pad > kMaxBlock) bad("the layout's padding is out of range");
  if (format.enclosing < 0) bad("the enclosing extent is negative");
  if (layout.kind == Layout::Kind::kOpaque) bad("opaque storage has no place in a plan");
  if (layout.kind != Layout::Kind::kLinear && rank < 2) bad("the layout needs two dimensions");
  if (layout.kind == Layout::Kind::kBlocked && (layout.block < 1 || layout.block > kMaxBlock))
    bad("the layout's block is out of range");
}

void verify_problem(const Problem& problem) {
  problem.verify();
  if (!problem.closed) bad("the Problem's formats are undecided");
  for (const auto* list : {&problem.inputs, &problem.outputs})
    for (const Operand& o : *list) verify_format(o.format, o.dims.size());
}

SymbolValues largest_of(const std::vector<Symbol>& symbols) {
  SymbolValues values;
  for (const Symbol& s : symbols) values.set(s.name, s.max);
  return values;
}

// One program of a section as it is entered, or called from one place.
class ProgramVerifier {
 public:
  // `bindings`: the section's, or the parameters of a called program, whose caller has the symbols
  // `outer` (null: an entry). `unfolded` counts the steps of all that one entry calls.
  ProgramVerifier(const Section& section, size_t index, const std::vector<Binding>& bindings,
                  const std::vector<Symbol>* outer, int depth, size_t& unfolded)
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
    if ((unfolded_ += program_.steps.size() + 1) > kMaxUnfolded)
      bad("more than 65536 steps, those of called programs counted at each call");
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
      verify_problem(step.problem);
      verify_guard(step.problem);
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
  size_t& unfolded_;
  Values values_;
  SymbolValues largest_;
};

void verify_recipe(const Section& section, const PlanConstant& c, size_t index) {
  verify_problem(c.recipe);
  if (!c.recipe.symbols.empty()) bad("its recipe depends on symbols");
  if (c.recipe.inputs.size() != c.inputs.size() || c.recipe.outputs.size() != 1)
    bad("its recipe has another number of operands");
  for (size_t k = 0; k < c.inputs.size(); ++k) {
    if (c.inputs[k] >= index) bad("its recipe needs a constant that is not earlier");
    const PlanConstant& source = section.constants[c.inputs[k]];
    const Operand& o = c.recipe.inputs[k];
    if (storage_bytes(o.format, const_extents(o.dims)) > storage_bytes(source.format, source.dims))
      bad("its recipe reads more than its source holds");
  }
  const Operand& out = c.recipe.outputs[0];
  if (const_extents(out.dims) != c.dims || !(out.format == c.format))
    bad("its recipe makes something else");
}

void verify_constant(const Section& section, size_t index) {
  const PlanConstant& c = section.constants[index];
  verify_format(c.format, c.dims.size());
  for (const int64_t d : c.dims)
    if (d < 0) bad("a negative extent");
  const int64_t bytes = storage_bytes(c.format, c.dims);
  if (c.is_recipe) {
    verify_recipe(section, c, index);
    return;
  }
  if (!c.inputs.empty()) bad("stored bytes have no inputs");
  if (c.bytes != static_cast<uint64_t>(bytes)) bad("its dims need another number of bytes");
  if (c.bytes > section.data_bytes || c.offset > section.data_bytes - c.bytes)
    bad("its bytes lie outside of the constant data");
}

void verify_binding(const Section& section, size_t index) {
  const Binding& b = section.bindings[index];
  if (b.name.empty()) bad("it has no name");
  for (size_t k = 0; k < index; ++k)
    if (section.bindings[k].name == b.name) bad("the name occurs twice");
  if (b.type.kind == ValueKind::kTensor && b.type.dtype != DType::kString) {
    verify_format(b.format, b.type.shape.size());
    if (b.format.dtype != b.type.dtype) bad("its format has another element type");
  }
  if (!b.format.dense()) bad("its format is not dense");
}

void verify_section(const Section& section) {
  if (section.target.kind.empty()) bad("its target has no kind");
  if (section.bindings.size() > kMaxBindings || section.programs.size() > kMaxPrograms)
    bad("more than 4096 bindings or 1024 programs");
  if (section.data_bytes != 0 && section.data == nullptr) bad("its constant data is missing");
  for (size_t k = 0; k < section.bindings.size(); ++k)
    within("binding '" + section.bindings[k].name + "'", [&] { verify_binding(section, k); });
  for (size_t k = 0; k < section.constants.size(); ++k)
    within("constant " + std::to_string(k) + " '" + section.constants[k].name + "'",
           [&] { verify_constant(section, k); });
  // Steps call later programs only, so every called one is reached from an entry; the first is one.
  const std::vector<bool> called = called_programs(section);
  for (size_t k = 0; k < section.programs.size(); ++k) {
    if (called[k]) continue;
    size_t unfolded = 0;
    within("program " + std::to_string(k),
           [&] { ProgramVerifier(section, k, section.bindings, nullptr, 0, unfolded).run(); });
  }
}

void verify_preprocess(const Plan& plan) {
  const Preprocess& p = plan.preprocess;
  if (!p.present) return;
  constexpr int kMaxSide = 1 << 16;
  if (p.channels != 1 && p.channels != 3) bad("pictures have 1 or 3 channels");
  if (p.resize_height < 0 || p.resize_width < 0 || p.resize_height > kMaxSide ||
      p.resize_width > kMaxSide)
    bad("the size of pictures is out of range");
  static constexpr std::string_view kModes[] = {"squash", "crop", "fill", "half_crop"};
  if (std::find(std::begin(kModes), std::end(kModes), p.resize_mode) == std::end(kModes))
    bad("resize mode '" + p.resize_mode + "' is unknown");
  if (!p.border.empty() && p.border.size() != static_cast<size_t>(p.channels))
    bad("the border's color has another number of channels");
  for (const int32_t value : p.border)
    if (value < 0 || value > 255) bad("the border's color is out of range");
  for (const Section& s : plan.sections)
    if (std::none_of(s.bindings.begin(), s.bindings.end(),
                     [&](const Binding& b) { return b.is_input && b.name == p.input; }))
      bad("input '" + p.input + "' does not exist");
}

}  // namespace

void Plan::verify() const {
  for (size_t k = 0; k < sections.size(); ++k)
    within("plan section " + std::to_string(k), [&] { verify_section(sections[k]); });
  within("preprocessing", [&] { verify_preprocess(*this); });
}

}  // namespace tenfold
