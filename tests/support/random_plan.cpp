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
    for (int64_t k = 0; k < programs; ++k) s.programs.push_back(program(s, k, programs));
    return s;
  }

  Artifact artifact() {
    Artifact a{"cubin", text(), text(), {}};
    for (int64_t k = below(100); k > 0; --k) a.code.push_back(static_cast<std::byte>(below(256)));
    return a;
  }

  Program program(const Section& s, int64_t index, int64_t programs) {
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
      Step whole;
      whole.kind = StepKind::kScalar;
      whole.outputs = {{ValueRef::Kind::kBinding, b}};
      p.steps.push_back(whole);
    }
    if (n > 0 && below(2) == 0) p.taps.push_back({text(), p.steps[0].outputs[0], 0});
    for (Step& other : p.steps)
      if (other.kind == StepKind::kCall && index + 1 < programs)
        other.programs.push_back(static_cast<uint32_t>(index) + 1);
    return p;
  }

  // Step k writes buffer k from nothing, from buffer k-1 or from an input.
  Step step(const Section& s, const Program& p, int64_t k) {
    Step out;
    out.kind = static_cast<StepKind>(below(7));
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
    if (out.kind == StepKind::kLaunch || out.kind == StepKind::kConvert) {
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
    }
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
