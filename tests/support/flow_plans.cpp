#include "tests/support/flow_plans.h"

namespace tenfold::test {

ValueRef ProgramMaker::buffer(const std::string& name, const std::string& type) {
  const Type t = Type::parse(type);
  PlanBuffer b;
  b.name = name;
  b.dims = t.shape;
  b.format.dtype = t.dtype;
  program.buffers.push_back(std::move(b));
  return buffer_at(static_cast<uint32_t>(program.buffers.size()) - 1);
}

void ProgramMaker::row(const std::string& name, const std::string& problem,
                       std::vector<ValueRef> inputs, std::vector<ValueRef> outputs) {
  std::string symbols;
  for (const Symbol& s : program.symbols)
    if (problem.find("[" + s.name) != std::string::npos ||
        problem.find("," + s.name) != std::string::npos)
      symbols += (symbols.empty() ? " | " : ", ") + s.name + " in " + std::to_string(s.min) + ".." +
                 std::to_string(s.max) + " at " + std::to_string(s.tune) +
                 (s.data_dependent ? " counted" : "");
  step(StepKind::kLaunch, name, "", std::move(inputs), std::move(outputs));
  Step& s = program.steps.back();
  s.problem = Problem::parse(problem + " | compute=f32 acc=f32 closed" + symbols);
  s.row = "ref." + s.problem.op;
}

void ProgramMaker::step(StepKind kind, const std::string& name, const std::string& tactic,
                        std::vector<ValueRef> inputs, std::vector<ValueRef> outputs,
                        std::vector<uint32_t> programs) {
  Step s;
  s.kind = kind;
  s.name = name;
  s.tactic = tactic;
  s.inputs = std::move(inputs);
  s.outputs = std::move(outputs);
  s.programs = std::move(programs);
  for (uint32_t k = 0; k < program.steps.size(); ++k) s.deps.push_back(k);
  program.steps.push_back(std::move(s));
}

Binding binding_of(const std::string& name, const std::string& type, bool is_input) {
  const Type t = Type::parse(type);
  return {name, t, Format{t.dtype, Layout::linear()}, is_input};
}

namespace {

const std::vector<Symbol> kBatch = {{"N", 0, 8, 2, false}};

Plan plan_of(const std::string& name, std::vector<Binding> bindings,
             std::vector<ProgramMaker> programs) {
  Plan plan;
  plan.name = name;
  Section s;
  s.target.kind = "cpu";
  s.devices = {{"cpu", 0}};
  s.bindings = std::move(bindings);
  for (ProgramMaker& m : programs) s.programs.push_back(std::move(m.program));
  plan.sections.push_back(std::move(s));
  return plan;
}

}  // namespace

Plan branch_plan() {
  ProgramMaker whole, one, other;
  for (ProgramMaker* m : {&whole, &one, &other}) m->program.symbols = kBatch;
  whole.step(StepKind::kIf, "choice", "", {binding_at(0), binding_at(1)}, {binding_at(2)}, {1, 2});
  one.row("plus", "Pointwise(f32[N,4]) out0=add(in0,1.0) -> f32[N,4]", {binding_at(0)},
          {binding_at(1)});
  const ValueRef twice = other.buffer("twice", "f32[N,4]");
  other.row("first", "Pointwise(f32[N,4]) out0=mul(in0,2.0) -> f32[N,4]", {binding_at(0)}, {twice});
  other.row("second", "Pointwise(f32[N,4]) out0=mul(in0,2.0) -> f32[N,4]", {twice},
            {binding_at(1)});
  other.program.taps = {{"twice", twice, 0}};
  return plan_of("branch",
                 {binding_of("c", "bool[]", true), binding_of("x", "f32[N,4]", true),
                  binding_of("y", "f32[N,4]", false)},
                 {whole, one, other});
}

Plan loop_plan() {
  ProgramMaker whole, body;
  whole.program.symbols = {kBatch[0], {"K", 0, 6, 6, true}};
  body.program.symbols = kBatch;
  // Bindings: 0 m, 1 go, 2 stop, 3 x, 4 v, 5 all, 6 n.
  whole.step(StepKind::kLoop, "loop", "carried=1 count=K",
             {binding_at(0), binding_at(1), binding_at(3), binding_at(3), binding_at(2)},
             {binding_at(4), binding_at(5)}, {1});
  whole.step(StepKind::kScalar, "size", "K", {}, {binding_at(6)});
  // Parameters: 0 k, 1 condition, 2 v, 3 x, 4 stop, 5 next condition, 6 next v, 7 gathered.
  const ValueRef half = body.buffer("half", "f32[N,4]");
  body.row("keep", "Pointwise(f32[N,4]) out0=in0 -> f32[N,4]", {binding_at(2)}, {binding_at(7)});
  body.row("half", "Pointwise(f32[N,4]) out0=mul(in0,0.5) -> f32[N,4]", {binding_at(2)}, {half});
  body.row("add", "Pointwise(f32[N,4], f32[N,4]) out0=add(in0,in1) -> f32[N,4]",
           {half, binding_at(3)}, {binding_at(6)});
  body.row("on", "Pointwise(i64[], i64[]) out0=less(add(in0,1.0),in1) -> bool[]",
           {binding_at(0), binding_at(4)}, {binding_at(5)});
  body.program.taps = {{"half", half, 1}};
  return plan_of("loop",
                 {binding_of("m", "i64[]", true), binding_of("go", "bool[]", true),
                  binding_of("stop", "i64[]", true), binding_of("x", "f32[N,4]", true),
                  binding_of("v", "f32[N,4]", false), binding_of("all", "f32[K,N,4]", false),
                  binding_of("n", "i64[]", false)},
                 {whole, body});
}

Plan count_plan() {
  ProgramMaker m;
  m.program.symbols = {kBatch[0], {"K", 0, 8, 8, true}};
  const ValueRef rows = m.buffer("rows", "f32[K,4]"), n = m.buffer("n", "i64[]");
  m.row("choose", "Compress(f32[N,4], bool[N]) {axis=0} -> f32[K,4], i64[]",
        {binding_at(0), binding_at(1)}, {rows, n});
  m.step(StepKind::kReadBack, "count", "K", {n}, {});
  m.row("scale", "Pointwise(f32[K,4]) out0=mul(in0,10.0) -> f32[K,4]", {rows}, {binding_at(2)});
  m.step(StepKind::kScalar, "size", "4*K+N", {}, {binding_at(3)});
  m.program.taps = {{"rows", rows, 0}};
  return plan_of("count",
                 {binding_of("x", "f32[N,4]", true), binding_of("c", "bool[N]", true),
                  binding_of("y", "f32[K,4]", false), binding_of("n", "i64[]", false)},
                 {m});
}

}  // namespace tenfold::test
