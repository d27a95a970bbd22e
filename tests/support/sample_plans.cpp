#include "tests/support/sample_plans.h"

#include <algorithm>
#include <cstring>

namespace tenfold::test {

namespace {

ValueRef buffer(uint32_t k) { return {ValueRef::Kind::kBuffer, k}; }
ValueRef constant(uint32_t k) { return {ValueRef::Kind::kConstant, k}; }
ValueRef binding(uint32_t k) { return {ValueRef::Kind::kBinding, k}; }

Step launch(const std::string& name, const std::string& prefix, const std::string& problem,
            std::vector<ValueRef> inputs, std::vector<ValueRef> outputs,
            std::vector<uint32_t> deps) {
  Step s;
  s.name = name;
  s.problem = Problem::parse(problem);
  s.row = prefix + s.problem.op;
  s.inputs = std::move(inputs);
  s.outputs = std::move(outputs);
  s.deps = std::move(deps);
  s.sources = {name};
  return s;
}

PlanBuffer plain_buffer(const std::string& name, const Shape& dims) {
  PlanBuffer b;
  b.name = name;
  b.dims = dims;
  return b;
}

const char* const kData = "f32[N,2,6,6]";
const char* const kMiddle = "f32[N,4,6,6]";

std::string small_problem(const std::string& head, const std::string& symbols) {
  return head + " | compute=f32 acc=f32 closed | " + symbols;
}

Program small_program(const std::string& prefix, const Symbol& n, int relus) {
  const std::string symbols = "N in " + std::to_string(n.min) + ".." + std::to_string(n.max) +
                              " at " + std::to_string(n.tune);
  Program p;
  p.symbols = {n};
  p.buffers.push_back(plain_buffer("conv", parse_shape("N,4,6,6")));
  const std::string conv = std::string("Conv(") + kData +
                           ", @f32[4,2,3,3], @f32[4,1,1]) {kernel=[3,3], pads=[1,1,1,1], "
                           "strides=[1,1], dilations=[1,1], group=1} out0=relu(add(acc,in2)) -> " +
                           kMiddle;
  p.steps.push_back(launch("conv", prefix, small_problem(conv, symbols),
                           {binding(0), constant(2), constant(1)}, {buffer(0)}, {}));
  uint32_t from = 0;
  for (int k = 0; k < relus; ++k) {
    p.buffers.push_back(plain_buffer("relu" + std::to_string(k), parse_shape("N,4,6,6")));
    const auto to = static_cast<uint32_t>(p.buffers.size()) - 1;
    p.steps.push_back(
        launch("relu" + std::to_string(k), prefix,
               small_problem(std::string("Pointwise(") + kMiddle + ") out0=relu(in0) -> " + kMiddle,
                             symbols),
               {buffer(from)}, {buffer(to)}, {static_cast<uint32_t>(p.steps.size()) - 1}));
    from = to;
  }
  p.steps.push_back(launch("scale", prefix,
                           small_problem(std::string("Pointwise(") + kMiddle +
                                             ") out0=add(mul(in0,0.5),in0) -> " + kMiddle,
                                         symbols),
                           {buffer(from)}, {binding(1)},
                           {static_cast<uint32_t>(p.steps.size()) - 1}));
  p.taps.push_back({"conv", buffer(0), 0});
  return p;
}

std::vector<float> ramp(size_t n, float scale) {
  std::vector<float> values(n);
  for (size_t k = 0; k < n; ++k)
    values[k] = scale * (static_cast<float>((k * 37) % 19) / 19.0f - 0.45f);
  return values;
}

Section small_section(const std::string& device) {
  Section s;
  s.target.kind = device;
  s.devices = {{device, 0}};
  s.bindings.push_back({"data", Type::parse(kData), {}, true});
  s.bindings.push_back({"out", Type::parse(kMiddle), {}, false});
  add_constant(s, "w", {4, 2, 3, 3}, ramp(72, 1.0f));
  add_constant(s, "b", {4, 1, 1}, ramp(4, 0.3f));
  PlanConstant twice;
  twice.name = "w2";
  twice.dims = {4, 2, 3, 3};
  twice.is_recipe = true;
  twice.recipe = Problem::parse(
      "Pointwise(@f32[4,2,3,3]) out0=mul(in0,2) -> f32[4,2,3,3] | compute=f32 acc=f32 closed");
  twice.inputs = {0};
  s.constants.push_back(std::move(twice));
  return s;
}

}  // namespace

uint32_t add_constant(Section& section, const std::string& name, const Extents& dims,
                      const std::vector<float>& values) {
  PlanConstant c;
  c.name = name;
  c.dims = dims;
  c.offset = (section.data_bytes + 63) / 64 * 64;
  c.bytes = values.size() * sizeof(float);
  const uint64_t total = c.offset + c.bytes;
  Tensor data = Tensor::zeros(DType::kU8, {static_cast<int64_t>(total)});
  auto* bytes = static_cast<std::byte*>(data.mutable_data());
  if (section.data_bytes != 0) std::memcpy(bytes, section.data.get(), section.data_bytes);
  std::memcpy(bytes + c.offset, values.data(), c.bytes);
  auto owner = std::make_shared<Tensor>(data);
  section.data = std::shared_ptr<const std::byte>(owner, bytes);
  section.data_bytes = total;
  section.constants.push_back(std::move(c));
  return static_cast<uint32_t>(section.constants.size()) - 1;
}

Plan small_plan(const std::string& prefix, const std::string& device) {
  Plan plan;
  plan.name = "small";
  plan.producer = "test";
  plan.labels = {"zero", "one", "two", "three"};
  plan.metadata["model"] = "by hand";
  Section s = small_section(device);
  s.programs.push_back(small_program(prefix, {"N", 0, 8, 1, false}, 0));
  plan.sections.push_back(std::move(s));
  return plan;
}

Plan guarded_plan() {
  Plan plan = small_plan();
  plan.sections[0].programs.push_back(small_program("ref.", {"N", 1, 1, 1, false}, 1));
  return plan;
}

std::vector<double> small_plan_reference(const Tensor& data) {
  const std::vector<float> w = ramp(72, 1.0f), b = ramp(4, 0.3f);
  const int64_t n = data.dims()[0];
  std::vector<double> out;
  for (int64_t image = 0; image < n; ++image)
    for (int64_t o = 0; o < 4; ++o)
      for (int64_t y = 0; y < 6; ++y)
        for (int64_t x = 0; x < 6; ++x) {
          double acc = 0;
          for (int64_t c = 0; c < 2; ++c)
            for (int64_t ky = 0; ky < 3; ++ky)
              for (int64_t kx = 0; kx < 3; ++kx) {
                const int64_t iy = y + ky - 1, ix = x + kx - 1;
                if (iy < 0 || ix < 0 || iy > 5 || ix > 5) continue;
                acc += data.at(((image * 2 + c) * 6 + iy) * 6 + ix) *
                       (2.0 * w[static_cast<size_t>(((o * 2 + c) * 3 + ky) * 3 + kx)]);
              }
          const double conv = std::max(acc + b[static_cast<size_t>(o)], 0.0);
          out.push_back(conv * 0.5 + conv);
        }
  return out;
}

Plan chain_plan(int steps) {
  Plan plan;
  plan.name = "chain";
  Section s;
  s.target.kind = "cpu";
  s.devices = {{"cpu", 0}};
  s.bindings.push_back({"data", Type::parse("f32[N,16]"), {}, true});
  s.bindings.push_back({"out", Type::parse("f32[N,16]"), {}, false});
  Program p;
  p.symbols = {{"N", 0, 64, 1, false}};
  const std::string text =
      "Pointwise(f32[N,16]) out0=add(in0,1.0) -> f32[N,16] | compute=f32 acc=f32 closed | N in "
      "0..64 at 1";
  ValueRef from = binding(0);
  for (int k = 0; k < steps; ++k) {
    ValueRef to = binding(1);
    if (k + 1 < steps) {
      p.buffers.push_back(plain_buffer("b" + std::to_string(k), parse_shape("N,16")));
      to = buffer(static_cast<uint32_t>(p.buffers.size()) - 1);
    }
    std::vector<uint32_t> deps;
    if (k > 0) deps.push_back(static_cast<uint32_t>(k) - 1);
    p.steps.push_back(launch("add" + std::to_string(k), "ref.", text, {from}, {to}, deps));
    from = to;
  }
  s.programs.push_back(std::move(p));
  plan.sections.push_back(std::move(s));
  return plan;
}

Tensor random_tensor(const Extents& dims, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Tensor t(DType::kF32, dims);
  for (float& v : t.as_mutable<float>()) v = static_cast<float>(normal(random));
  return t;
}

}  // namespace tenfold::test
