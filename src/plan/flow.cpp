#include "src/plan/flow.h"

#include <algorithm>
#include <charconv>

#include "src/plan/verify.h"

namespace tenfold {

namespace {

bool is_one(const Binding& b, DType dtype) {
  return b.type.dtype == dtype && is_const(b.type.shape) &&
         element_count(const_extents(b.type.shape)) == 1;
}

bool row_major(const Format& f) {
  return f.layout.kind == Layout::Kind::kLinear && f.layout.pad == 1 && f.dense();
}

Binding one(const char* name, DType dtype, bool is_input) {
  return {name, Type{ValueKind::kTensor, dtype, {}}, Format{dtype, Layout::linear()}, is_input};
}

void need_one(const Values& caller, ValueRef ref, DType dtype, const char* what) {
  if (!is_one(value_binding(caller, ref, what, true), dtype))
    bad(std::string(what) + " is not one " + std::string(to_string(dtype)));
}

// Operand `k` of a calling step, which must be a whole value.
Binding parameter(const Values& caller, const std::vector<ValueRef>& refs, size_t k,
                  bool is_input) {
  const std::string name = (is_input ? "input " : "output ") + std::to_string(k);
  Binding b = value_binding(caller, refs[k], name, is_input);
  if (!b.format.dense()) bad(name + " is a slice of another value");
  return b;
}

void need_programs(const Step& step, size_t n) {
  if (step.programs.size() != n)
    bad("it calls " + std::to_string(step.programs.size()) + " programs, not " + std::to_string(n));
}

std::vector<Binding> loop_parameters(const Values& caller, const Step& step) {
  const LoopForm form = parse_loop(step.tactic);
  const size_t carried = form.carried;
  if (step.inputs.size() < 2 + carried || step.outputs.size() < carried)
    bad("a loop carries more values than it has");
  if (step.inputs[0].kind != ValueRef::Kind::kNone)
    need_one(caller, step.inputs[0], DType::kI64, "the trip limit");
  if (step.inputs[1].kind != ValueRef::Kind::kNone)
    need_one(caller, step.inputs[1], DType::kBool, "the condition");
  std::vector<Binding> list{one("iteration", DType::kI64, true),
                            one("condition", DType::kBool, true)};
  for (size_t k = 2; k < step.inputs.size(); ++k)
    list.push_back(parameter(caller, step.inputs, k, true));
  list.push_back(one("next condition", DType::kBool, false));
  for (size_t k = 0; k < step.outputs.size(); ++k) {
    Binding b = parameter(caller, step.outputs, k, false);
    if (k < carried) {
      const Binding& first = list[k + 2];
      if (!(first.type == b.type) || !(first.format == b.format))
        bad("carried value " + std::to_string(k) + " changes its type");
    } else {
      if (b.type.shape.empty() || !row_major(b.format) || bits_of(b.format.dtype) % 8 != 0)
        bad("output " + std::to_string(k) + " cannot gather the iterations' results");
      b.type.shape.erase(b.type.shape.begin());
    }
    list.push_back(std::move(b));
  }
  return list;
}

}  // namespace

bool has_flow(const Program& program) {
  return std::any_of(program.steps.begin(), program.steps.end(),
                     [](const Step& s) { return is_flow(s.kind); });
}

LoopForm parse_loop(const std::string& tactic) {
  static constexpr std::string_view kCarried = "carried=", kCount = " count=";
  LoopForm form;
  const char* const end = tactic.data() + tactic.size();
  if (tactic.rfind(kCarried, 0) != 0) bad("a loop's configuration is not 'carried=N'");
  const auto [at, error] = std::from_chars(tactic.data() + kCarried.size(), end, form.carried);
  if (error != std::errc()) bad("a loop's configuration is not 'carried=N'");
  const std::string_view rest(at, static_cast<size_t>(end - at));
  if (rest.empty()) return form;
  if (rest.substr(0, kCount.size()) != kCount || rest.size() == kCount.size())
    bad("a loop's configuration is not 'carried=N count=NAME'");
  form.count = rest.substr(kCount.size());
  return form;
}

std::string loop_tactic(const LoopForm& form) {
  return "carried=" + std::to_string(form.carried) +
         (form.count.empty() ? "" : " count=" + form.count);
}

std::string counted_by(const Step& step) {
  if (step.kind == StepKind::kReadBack) return step.tactic;
  return step.kind == StepKind::kLoop ? parse_loop(step.tactic).count : std::string();
}

std::vector<bool> called_programs(const Section& section) {
  std::vector<bool> called(section.programs.size(), false);
  for (size_t caller = 0; caller < section.programs.size(); ++caller)
    for (const Step& s : section.programs[caller].steps)
      for (const uint32_t callee : s.programs)
        if (callee > caller && callee < called.size()) called[callee] = true;
  return called;
}

Binding value_binding(const Values& values, ValueRef ref, std::string name, bool is_input) {
  Binding b;
  b.name = std::move(name);
  b.is_input = is_input;
  const auto give = [&](const Shape& dims, const Format& format) {
    b.format = format;
    b.type = Type{ValueKind::kTensor, format.dtype, dims};
  };
  switch (ref.kind) {
    case ValueRef::Kind::kNone: bad(b.name + " is missing");
    case ValueRef::Kind::kBuffer:
      if (ref.index >= values.program.buffers.size()) bad(b.name + " does not exist");
      give(values.program.buffers[ref.index].dims, values.program.buffers[ref.index].format);
      break;
    case ValueRef::Kind::kConstant:
      if (ref.index >= values.constants.size()) bad(b.name + " does not exist");
      give(to_shape(values.constants[ref.index].dims), values.constants[ref.index].format);
      break;
    case ValueRef::Kind::kBinding:
      if (ref.index >= values.bindings.size()) bad(b.name + " does not exist");
      give(values.bindings[ref.index].type.shape, values.bindings[ref.index].format);
      break;
  }
  return b;
}

std::vector<Binding> parameters_of(const Values& caller, const Step& step) {
  if (step.kind == StepKind::kLoop) {
    need_programs(step, 1);
    return loop_parameters(caller, step);
  }
  const bool branches = step.kind == StepKind::kIf;
  need_programs(step, branches ? 2 : 1);
  if (branches) {
    if (step.inputs.empty()) bad("it has no condition");
    need_one(caller, step.inputs[0], DType::kBool, "the condition");
  }
  std::vector<Binding> list;
  for (size_t k = branches ? 1 : 0; k < step.inputs.size(); ++k)
    list.push_back(parameter(caller, step.inputs, k, true));
  for (size_t k = 0; k < step.outputs.size(); ++k)
    list.push_back(parameter(caller, step.outputs, k, false));
  return list;
}

}  // namespace tenfold
