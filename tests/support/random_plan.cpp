// random_plan: valid plans of random content.
#include <algorithm>

#include "tests/support/sample_plans.h"

namespace tenfold::test {

namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Plan plan() {
    Plan p;
    p.name = text();
    p.producer = text();
    for (int64_t k = below(5); k > 0; --k) p.labels.push_back(text());
    for (int64_t k = below(4); k > 0; --k) p.metadata[text()] = text();
    for (int64_t k = below(4); k > 0; --k) p.sections.push_back(section());
    if (!p.sections.empty() && below(2) == 0) {
      p.preprocess = {true,
                      below(2) == 0 ? 1 : 3,
                      below(2) == 0,
                      static_cast<int>(below(300)),
                      static_cast<int>(below(300)),
                      "half_crop",
                      "in0",
                      text()};
    }
    return p;
  }

 private:
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  std::string text() {
    std::string out;
    for (int64_t k = below(12); k > 0; --k) out += static_cast<char>(below(256));
    return out;
  }
  DType stored_type() {
    for (;;) {
      const auto t = static_cast<DType>(below(kDTypeCount));
      if (bits_of(t) >= 8 && t != DType::kTF32) return t;
    }
  }
  Format format(size_t rank) {
    Format f;
    f.dtype = stored_type();
    if (rank >= 2 && below(2) == 0) f.layout = Layout::channels_last(below(2) == 0 ? 8 : 1);
    if (rank >= 2 && below(4) == 0) f.layout = {Layout::Kind::kBlocked, 16, 1};
    if (below(5) == 0) f.scale = 0.125;
    return f;
  }
  Shape shape() {
    Shape s;
    for (int64_t k = below(5); k > 0; --k)
      s.push_back(below(3) == 0 ? Dim::symbol("N") * Dim(1 + below(3)) + Dim(below(2))
                                : Dim(1 + below(9)));
    return s;
  }

  Section section() {
    Section s;
    s.target.kind = below(2) == 0 ? "cpu" : "cuda";
    s.target.name = text();
    s.target.numbers["cc"] = below(100);
    s.target.texts["isa"] = text();
    s.portable = below(2) == 0;
    for (int64_t k = 1 + below(2); k > 0; --k)
      s.devices.push_back({s.target.kind, static_cast<int>(below(4))});
    for (int64_t k = 0; k < 1 + below(3); ++k) {
      Binding in{"in" + std::to_string(k), {}, {}, true},
          out{"out" + std::to_string(k), {}, {}, false};
      for (Binding* b : {&in, &out}) {
        b->type.kind = static_cast<ValueKind>(below(3));
        b->type.shape = shape();
        b->format = format(b->type.shape.size());
        b->type.dtype = b->format.dtype;
        s.bindings.push_back(*b);
      }
    }
    for (int64_t k = below(4); k > 0; --k) {
      const int64_t n = 1 + below(20);
      add_constant(s, text(), {n}, std::vector<float>(static_cast<size_t>(n), 1.5f));
    }
    for (int64_t k = below(3); k > 0; --k) s.artifacts.push_back(artifact());
    const int64_t programs = 1 + below(3);
    for (int64_t k = 0; k < programs; ++k) s.programs.push_back(program(s));
    bool any = false;
    for (Program& p : s.programs) {
      if (below(2) == 0) continue;
      decide(p, static_cast<uint32_t>(programs));
      any = true;
    }
    for (int kind = 0; any && kind < 3; ++kind) s.programs.push_back(called(kind));
    return s;
  }

  // Programs to be called: by call and if (one result, one input), by loops without and with a
  // carried value.
  Program called(int kind) {
    Program p;
    p.symbols = {{"K", 0, 7, 7, true}};
    const auto copies = [&](uint32_t from, uint32_t to, DType type) {
      Step s = problem_step({{Shape{}, Format{type}, false}}, {{Shape{}, Format{type}, false}});
      s.inputs = {{ValueRef::Kind::kBinding, from}};
      s.outputs = {{ValueRef::Kind::kBinding, to}};
      p.steps.push_back(std::move(s));
    };
    if (kind == 0) copies(0, 1, DType::kI64);
    if (kind == 1) copies(1, 2, DType::kBool);
    if (kind == 2) {
      copies(1, 3, DType::kBool);
      copies(2, 4, DType::kI64);
    }
    return p;
  }

  Step problem_step(std::vector<Operand> inputs, std::vector<Operand> outputs) {
    Step s;
    s.row = "ref.Anything";
    s.problem.op = "Anything";
    s.problem.anchor_inputs = static_cast<int>(inputs.size());
    s.problem.inputs = std::move(inputs);
    s.problem.outputs = std::move(outputs);
    for (const Operand& o : s.problem.outputs) {
      std::vector<std::string> used;
      for (const Dim& d : o.dims) d.collect_symbols(used);
      if (!used.empty()) s.problem.symbols = {{"N", 0, 99, 2, false}};
    }
    s.problem.closed = true;
    return s;
  }

  // Steps of every kind that no row does. `first` is the first called program.
  void decide(Program& p, uint32_t first) {
    p.symbols.push_back({"K", 0, 7, 7, true});
    const auto buffer = [&](DType type, Shape dims) {
      p.buffers.push_back({text(), std::move(dims), Format{type}, -1, 0, {}});
      return ValueRef{ValueRef::Kind::kBuffer, static_cast<uint32_t>(p.buffers.size()) - 1};
    };
    const auto step = [&](StepKind kind, std::string tactic, std::vector<ValueRef> inputs,
                          std::vector<ValueRef> outputs, std::vector<uint32_t> programs) {
      Step s;
      s.kind = kind;
      s.name = text();
      s.tactic = std::move(tactic);
      s.inputs = std::move(inputs);
      s.outputs = std::move(outputs);
      s.programs = std::move(programs);
      for (uint32_t k = 0; k < p.steps.size(); ++k) s.deps.push_back(k);
      p.steps.push_back(std::move(s));
    };
    const ValueRef size = buffer(DType::kI64, {}), flag = buffer(DType::kBool, {});
    Step made = problem_step({}, {{Shape{}, Format{DType::kBool}, false}});
    made.outputs = {flag};
    p.steps.push_back(std::move(made));
    step(StepKind::kScalar, "3*N+1", {}, {size}, {});
    step(StepKind::kLoop, "carried=0", {size, flag}, {}, {first + 1});
    const bool read = below(2) == 0;
    if (read) step(StepKind::kReadBack, "K", {size}, {}, {});
    step(StepKind::kLoop, read ? "carried=1" : "carried=1 count=K", {size, {}, size},
         {buffer(DType::kI64, {})}, {first + 2});
    step(StepKind::kScalar, "min(K,N)", {}, {buffer(DType::kI64, {})}, {});
    step(StepKind::kCall, text(), {size}, {buffer(DType::kI64, {})}, {first});
    step(StepKind::kIf, text(), {flag, size}, {buffer(DType::kI64, {})}, {first, first});
  }

  Artifact artifact() {
    Artifact a{"cubin", text(), text(), {}};
    for (int64_t k = below(100); k > 0; --k) a.code.push_back(static_cast<std::byte>(below(256)));
    return a;
  }

  Program program(const Section& s) {
    Program p;
    p.symbols = {{"N", below(2), 2 + below(9), 2, below(4) == 0}};
    const int64_t n = below(6);
    for (int64_t k = 0; k < n; ++k) {
      PlanBuffer b;
      b.name = text();
      b.dims = shape();
      b.format = format(b.dims.size());
      p.buffers.push_back(b);
      p.steps.push_back(step(s, p, k));
    }
    for (uint32_t b = 0; b < s.bindings.size(); ++b) {
      if (s.bindings[b].is_input) continue;
      Step whole = problem_step({}, {{s.bindings[b].type.shape, s.bindings[b].format, false}});
      whole.outputs = {{ValueRef::Kind::kBinding, b}};
      p.steps.push_back(whole);
    }
    if (n > 0 && below(2) == 0) p.taps.push_back({text(), p.steps[0].outputs[0], 0});
    return p;
  }

  // Step k writes buffer k from nothing, from buffer k-1 or from an input.
  Step step(const Section& s, const Program& p, int64_t k) {
    Step out;
    out.kind = static_cast<StepKind>(below(2));
    out.name = text();
    out.row = "ref.x" + std::to_string(k);
    out.tactic = text();
    const auto index = static_cast<uint32_t>(k);
    out.outputs = {{ValueRef::Kind::kBuffer, index}};
    if (k > 0) {
      out.inputs = {{ValueRef::Kind::kBuffer, index - 1}};
      out.deps = {index - 1};
    } else {
      out.inputs = {{ValueRef::Kind::kBinding, 0}};
    }
    const auto operand = [&](ValueRef ref) {
      return ref.kind == ValueRef::Kind::kBuffer
                 ? Operand{p.buffers[ref.index].dims, p.buffers[ref.index].format, false}
                 : Operand{s.bindings[ref.index].type.shape, s.bindings[ref.index].format, false};
    };
    Problem& q = out.problem;
    q.op = "Anything";
    q.attrs = {{"a", int64_t{3}},
               {"b", 0.25},
               {"c", std::string("x\"y")},
               {"d", std::vector<int64_t>{1, -2}}};
    q.inputs = {operand(out.inputs[0])};
    q.outputs = {operand(out.outputs[0])};
    q.anchor_inputs = 1;
    q.symbols = {{"N", 0, 99, 2, false}};
    q.closed = true;
    for (int64_t t = below(3); t > 0; --t) out.sources.push_back(text());
    if (!s.artifacts.empty()) out.artifact = static_cast<int32_t>(s.artifacts.size()) - 1;
    out.device = static_cast<uint32_t>(below(static_cast<int64_t>(s.devices.size())));
    if (below(2) == 0) out.tuned_us = 12.75;
    if (below(2) == 0) out.estimated_us = 1.0 / 3.0;
    return out;
  }

  std::mt19937_64 random_;
};

}  // namespace

Plan random_plan(uint64_t seed) { return Maker(seed).plan(); }

}  // namespace tenfold::test
