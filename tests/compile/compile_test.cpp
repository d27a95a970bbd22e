// Whole small networks: compile for the CPU, run, compare with the reference kernels node by node.
#include "tenfold/compile.h"

#include <gtest/gtest.h>

#include "tenfold/engine.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

using test::expect_close;
using test::random_tensor;

struct Net {
  GraphBuilder b{"net"};
  uint64_t seed = 1;
  int names = 0;

  ValueId input(int64_t c, int64_t h, int64_t w) {
    const ValueId x = b.input("data", DType::kF32, {Dim::symbol("N"), c, h, w});
    b.symbol({"N", 1, 64, 1, false});
    return x;
  }
  std::string name(const std::string& op) { return op + std::to_string(++names); }
  ValueId weights(const Extents& dims) {
    int64_t fan = 1;
    for (size_t k = 1; k < dims.size(); ++k) fan *= dims[k];
    return b.constant(name("w"), random_tensor(DType::kF32, dims, ++seed,
                                               1.0 / std::sqrt(static_cast<double>(fan))));
  }
  ValueId conv(ValueId x, int64_t out, int64_t k, int64_t stride = 1, int64_t pad = 0,
               int64_t group = 1, bool bias = true) {
    const int64_t in = b.type(x).shape[1].value();
    std::vector<ValueId> args{x, weights({out, in / group, k, k})};
    if (bias) args.push_back(weights({out}));
    return b.node("Conv", args,
                  {{"strides", std::vector<int64_t>{stride, stride}},
                   {"pads", std::vector<int64_t>(4, pad)},
                   {"group", group}},
                  name("conv"));
  }
  ValueId op(const std::string& op, std::vector<ValueId> in, Attrs attrs = {}) {
    return b.node(op, in, attrs, name(op));
  }
  ValueId pool(const std::string& kind, ValueId x, int64_t k, int64_t s, int64_t pad,
               int64_t ceil) {
    Attrs a{{"kernel", std::vector<int64_t>{k, k}},
            {"strides", std::vector<int64_t>{s, s}},
            {"pads", std::vector<int64_t>(4, pad)},
            {"ceil_mode", ceil}};
    if (kind == "AveragePool") a.set("count_include_pad", int64_t{1});
    return op(kind, {x}, a);
  }
  ValueId head(ValueId x, int64_t classes) {
    x = op("Flatten", {x}, {{"axis", int64_t{1}}});
    const int64_t features = b.type(x).shape[1].value();
    x = op("Gemm", {x, weights({classes, features}), weights({classes})}, {{"transB", int64_t{1}}});
    return op("Softmax", {x}, {{"axis", int64_t{1}}});
  }
};

Graph lenet() {
  Net n;
  ValueId x = n.input(1, 28, 28);
  x = n.pool("MaxPool", n.conv(x, 10, 5), 2, 2, 0, 1);
  x = n.pool("MaxPool", n.conv(x, 20, 5), 2, 2, 0, 1);
  n.b.output(n.head(x, 10), "prob");
  return n.b.finish();
}

Graph residual() {
  Net n;
  ValueId x = n.input(3, 20, 20);
  x = n.op("Relu", {n.conv(x, 16, 3, 2, 1)});
  ValueId y = n.op("Relu", {n.conv(x, 16, 3, 1, 1)});
  y = n.conv(y, 32, 3, 2, 1);
  ValueId z = n.op("Relu", {n.op("Add", {n.conv(x, 32, 1, 2, 0), y})});
  z = n.op("GlobalAveragePool", {z});
  n.b.output(n.head(z, 7), "prob");
  return n.b.finish();
}

Graph inception() {
  Net n;
  ValueId x = n.input(8, 13, 13);
  x = n.op("LRN", {x}, {{"size", int64_t{5}}, {"alpha", 1e-2}, {"beta", 0.75}, {"bias", 1.0}});
  const ValueId a = n.op("Relu", {n.conv(x, 6, 1)});
  const ValueId b = n.op("Relu", {n.conv(n.op("Relu", {n.conv(x, 4, 1)}), 10, 3, 1, 1)});
  const ValueId c = n.conv(n.pool("MaxPool", x, 3, 1, 1, 1), 5, 1);
  ValueId y = n.op("Concat", {a, b, c}, {{"axis", int64_t{1}}});
  n.b.output(y, "joined");
  y = n.pool("AveragePool", y, 3, 2, 1, 1);
  n.b.output(n.op("Sigmoid", {n.conv(y, 9, 3, 1, 1)}), "maps");
  return n.b.finish();
}

Graph mobile() {
  Net n;
  ValueId x = n.input(3, 17, 17);
  x = n.op("Clip", {n.conv(x, 8, 3, 2, 1)}, {{"min", 0.0}, {"max", 6.0}});
  ValueId y = n.op("Clip", {n.conv(x, 24, 1)}, {{"min", 0.0}, {"max", 6.0}});
  y = n.op("Clip", {n.conv(y, 24, 3, 1, 1, 24)}, {{"min", 0.0}, {"max", 6.0}});
  y = n.conv(y, 8, 1);
  x = n.op("Add", {x, y});
  x = n.op("PRelu", {x, n.b.constant("slope", random_tensor(DType::kF32, {8, 1, 1}, 5))});
  n.b.output(n.op("Mul", {x, n.op("Sigmoid", {x})}), "swish");
  return n.b.finish();
}

// A picture input: u8 NHWC, mean subtraction, permutation, all as nodes.
Graph picture() {
  Net n;
  const ValueId x = n.b.input("data", DType::kU8, {Dim::symbol("N"), 12, 12, 3});
  n.b.symbol({"N", 1, 64, 1, false});
  ValueId y = n.op("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 3, 1, 2}}});
  y = n.op("Cast", {y}, {{"to", std::string("f32")}});
  y = n.op("Sub", {y, n.b.constant("mean", random_tensor(DType::kF32, {3, 12, 12}, 9, 50))});
  y = n.op("Mul", {y, n.b.constant("scale", Tensor::scalar(DType::kF32, 0.0078125))});
  n.b.output(n.op("Relu", {n.conv(y, 5, 3, 1, 1)}), "maps");
  return n.b.finish();
}

// Values that leave through views: what computes them may write to the output only where the bytes
// are in the output's order.
Graph views() {
  Net n;
  const ValueId x = n.input(5, 6, 7);
  const auto permuted = [&](ValueId v, std::vector<int64_t> perm) {
    return n.op("Transpose", {v}, {{"perm", std::move(perm)}});
  };
  const auto flat = [&](ValueId v) { return n.op("Flatten", {v}, {{"axis", int64_t{1}}}); };
  const auto relu = [&](ValueId v) { return n.op("Relu", {v}); };
  const std::vector<std::vector<int64_t>> perms = {{0, 3, 1, 2}, {0, 2, 3, 1}, {0, 1, 3, 2},
                                                   {0, 3, 2, 1}, {0, 2, 1, 3}, {0, 1, 2, 3}};
  for (size_t k = 0; k < perms.size(); ++k) {
    const std::string number = std::to_string(k);
    n.b.output(permuted(n.op("Sigmoid", {x}), perms[k]), "permuted" + number);
    n.b.output(flat(permuted(n.conv(x, 4, 1), perms[k])), "flat" + number);
    n.b.output(permuted(permuted(relu(x), perms[k]), {0, 3, 1, 2}), "twice" + number);
    const ValueId both = relu(n.conv(x, 4, 1));
    n.b.output(both, "as_it_is" + number);
    n.b.output(permuted(both, perms[k]), "and_permuted" + number);
    n.b.output(
        permuted(n.op("Concat", {relu(x), n.op("Sigmoid", {x})}, {{"axis", int64_t{1}}}), perms[k]),
        "joined" + number);
  }
  return n.b.finish();
}

using Maker = Graph (*)();
struct Case {
  const char* name;
  Maker make;
};
const Case kCases[] = {{"lenet", lenet},   {"residual", residual}, {"inception", inception},
                       {"mobile", mobile}, {"picture", picture},   {"views", views}};

Target cpu_target() { return open_device({"cpu", 0})->target(); }

std::map<std::string, Tensor> inputs_for(const Graph& g, int64_t batch, uint64_t seed) {
  std::map<std::string, Tensor> inputs;
  for (ValueId v : g.inputs()) {
    SymbolValues s{{"N", batch}};
    inputs[g.value(v).name] = random_tensor(g.type(v).dtype, eval(g.type(v).shape, s), seed);
  }
  return inputs;
}

void check(const Graph& g, const Plan& plan, int64_t batch) {
  SCOPED_TRACE("batch " + std::to_string(batch));
  const auto engine = Engine::create(plan, open_device({"cpu", 0}));
  EXPECT_TRUE(engine->messages().empty());
  const auto inputs = inputs_for(g, batch, 17 + static_cast<uint64_t>(batch));
  const auto got = engine->create_context()->run(inputs);
  const auto want = evaluate_reference(g, inputs);
  for (size_t k = 0; k < want.size(); ++k) {
    SCOPED_TRACE(g.outputs()[k].name);
    expect_close(got.at(g.outputs()[k].name), want[k], 2e-5, 1e-4);
  }
}

class Networks : public testing::TestWithParam<Case> {};

TEST_P(Networks, ByEstimatesEqualTheReference) {
  const Graph g = GetParam().make();
  CompileOptions options;
  options.timing = false;
  const Plan plan = compile(g, cpu_target(), options);
  for (int64_t batch : {1, 3}) check(g, plan, batch);
}

TEST_P(Networks, ByTimesEqualTheReference) {
  const Graph g = GetParam().make();
  const auto device = open_device({"cpu", 0});
  check(g, compile(g, device->target(), {}, device.get()), 2);
}

TEST_P(Networks, ReferenceRowsAloneAreEnough) {
  const Graph g = GetParam().make();
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"onednn.", "cpu."};
  const Plan plan = compile(g, cpu_target(), options);
  for (const Step& s : plan.sections[0].programs[0].steps)
    EXPECT_EQ(s.row.substr(0, 4), "ref.") << s.name;
  check(g, plan, 1);
}

TEST_P(Networks, EstimatesAreDeterministic) {
  const Graph g = GetParam().make();
  CompileOptions options;
  options.timing = false;
  EXPECT_EQ(compile(g, cpu_target(), options).serialize(),
            compile(g, cpu_target(), options).serialize());
}

TEST_P(Networks, OneTimingCacheGivesOneFile) {
  const Graph g = GetParam().make();
  const auto device = open_device({"cpu", 0});
  TimingCache cache;
  CompileOptions options;
  options.timing_cache = &cache;
  const auto first = compile(g, device->target(), options, device.get()).serialize();
  const int64_t known = cache.size();
  EXPECT_EQ(compile(g, device->target(), options, device.get()).serialize(), first);
  EXPECT_EQ(cache.size(), known);
}

INSTANTIATE_TEST_SUITE_P(All, Networks, testing::ValuesIn(kCases),
                         [](const auto& i) { return std::string(i.param.name); });

TEST(Compile, ProgramsFollowTheProfiles) {
  CompileOptions options;
  options.timing = false;
  for (int64_t n : {1, 8}) {
    Profile p;
    p.tune.set("N", n);
    p.range["N"] = {0, n};
    options.profiles.push_back(p);
  }
  const Graph g = lenet();
  const Plan plan = compile(g, cpu_target(), options);
  ASSERT_EQ(plan.sections[0].programs.size(), 2u);
  EXPECT_EQ(plan.sections[0].programs[1].symbols[0].max, 8);
  for (int64_t batch : {1, 5, 8}) check(g, plan, batch);
  const auto engine = Engine::create(plan, open_device({"cpu", 0}));
  EXPECT_THROW(engine->create_context()->run(inputs_for(g, 9, 1)), Error);
}

TEST(Compile, ExplanationNamesChosenAndRefused) {
  CompileOptions options;
  options.timing = false;
  Explanation e;
  compile(residual(), cpu_target(), options, nullptr, &e);
  int chosen = 0;
  for (const auto& line : e.lines) chosen += line.chosen;
  EXPECT_GT(chosen, 4);
  EXPECT_FALSE(e.remarks.empty());
  EXPECT_NE(e.text().find("* "), std::string::npos);
  EXPECT_NE(e.json().find("\"chosen\": true"), std::string::npos);
}

TEST(Compile, KeepTapsFusesNothing) {
  CompileOptions options;
  options.timing = false;
  const Graph g = residual();
  const auto taps = [&] { return compile(g, cpu_target(), options).sections[0].programs[0].taps; };
  const size_t fused = taps().size();
  options.keep_taps = true;
  EXPECT_GT(taps().size(), fused);
  check(g, compile(g, cpu_target(), options), 2);
}

TEST(Compile, IntegersDivideTowardZero) {
  const std::vector<int32_t> dividends = {7, -7, 7, -7, 8, -8, 1, -5, 0, 5};
  const std::vector<int32_t> divisors = {2, 2, -2, -2, 3, 3, 2, 3, 9, 5};
  const std::vector<int32_t> quotients = {3, -3, -3, 3, 2, -2, 0, -1, 0, 1};
  const auto tensor = [](const std::vector<int32_t>& values) {
    Tensor t(DType::kI32, {static_cast<int64_t>(values.size())});
    std::copy(values.begin(), values.end(), t.as_mutable<int32_t>().begin());
    return t;
  };
  GraphBuilder b("division");
  const ValueId x = b.input("x", DType::kI32, {10});
  const ValueId d = b.constant("d", tensor(divisors));
  const ValueId doubled = b.node("Add", {b.node("Div", {x, d}), b.node("Div", {x, d})});
  b.output(b.node("Sub", {doubled, b.node("Div", {b.constant("c", tensor(dividends)), d})}), "y");
  const Graph g = b.finish();
  CompileOptions options;
  options.timing = false;
  const auto device = open_device({"cpu", 0});
  const auto engine = Engine::create(compile(g, cpu_target(), options), device);
  const auto context = engine->create_context();
  const Tensor y = context->run({{"x", tensor(dividends)}}).at("y");
  const Tensor reference = evaluate_reference(g, {{"x", tensor(dividends)}}).at(0);
  for (size_t k = 0; k < quotients.size(); ++k) {
    EXPECT_EQ(y.as<int32_t>()[k], quotients[k]) << k;
    EXPECT_EQ(reference.as<int32_t>()[k], quotients[k]) << k;
  }
}

// Whether a step may begin only after the one before it, and whether constants are recipes.
TEST(Compile, OrderAndConstantsAreAsTheBackendSays) {
  CompileOptions options;
  options.timing = false;
  for (const Backend* backend : backends()) {
    SCOPED_TRACE(backend->kind());
    const Target target = Target::parse(backend->runs_in_order() ? "cpu" : "cuda:h200");
    ASSERT_EQ(target.kind, backend->kind());
    options.exclude_rows = {"cudnn.", "cublaslt."};
    const Section section = compile(inception(), target, options).sections[0];
    const auto recipe = [](const PlanConstant& c) { return c.is_recipe; };
    const auto& constants = section.constants;
    EXPECT_EQ(std::any_of(constants.begin(), constants.end(), recipe), backend->portable_plans());
    bool in_order = true;
    const std::vector<Step>& steps = section.programs[0].steps;
    for (uint32_t k = 1; k < steps.size(); ++k)
      in_order &= std::count(steps[k].deps.begin(), steps[k].deps.end(), k - 1) == 1;
    EXPECT_EQ(in_order, backend->runs_in_order());
  }
}

TEST(Compile, MachinesWithoutBackendAreRefused) {
  CompileOptions options;
  options.timing = false;
  Target target = cpu_target();
  target.kind = "abacus";
  try {
    compile(lenet(), target, options);
    FAIL() << "compiled for a machine that nobody knows";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupported);
    EXPECT_NE(e.full().find("this build has: cpu"), std::string::npos) << e.full();
  }
}

TEST(Compile, NodesWithoutKernelsAreAllNamed) {
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"ref.", "onednn.", "cpu."};
  try {
    compile(lenet(), cpu_target(), options);
    FAIL() << "compiled without kernels";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupported);
    EXPECT_GE(e.notes().size(), 6u);
  }
}

// A kernel that never has the memory to run; offered only while `wanted`.
class StarvedRow : public Row {
 public:
  static inline bool wanted = false;
  std::string_view name() const override { return "test.starved"; }
  std::string_view backend() const override { return "cpu"; }
  std::vector<std::string> patterns() const override { return {"Softmax(x)"}; }
  Verdict supports(const Problem&, const Target&) const override {
    return wanted ? Verdict{} : Verdict::no("it is for one test");
  }
  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    return {{std::vector<Format>(p.inputs.size()), std::vector<Format>(1)}};
  }
  double estimate(const Problem&, const Target&) const override { return 1; }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs&) const override {
    throw Error(Code::kResource, "no memory");
  }
  void record(Commands&, const Operands&, const RowState*,
              const RowInstance&) const noexcept override {}
};

TEST(Compile, WhatCannotBeTimedForLackOfMemoryIsEstimated) {
  if (!find_row("test.starved")) register_row(std::make_unique<StarvedRow>());
  GraphBuilder b("soft");
  const ValueId x = b.input("data", DType::kF32, {2, 10});
  b.output(b.node("Softmax", {x}, {{"axis", int64_t{1}}}, "soft"), "soft");
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  CompileOptions options;
  options.exclude_rows = {"ref.", "onednn.", "cpu."};
  Explanation e;
  StarvedRow::wanted = true;
  const Plan plan = compile(b.finish(), device->target(), options, device.get(), &e);
  StarvedRow::wanted = false;
  EXPECT_EQ(plan.sections[0].programs[0].steps.at(0).row, "test.starved");
  EXPECT_NE(e.text().find("untimed for lack of memory"), std::string::npos) << e.text();
}

TEST(Compile, CancellingStops) {
  CompileOptions options;
  options.timing = false;
  options.progress = [](const Progress&) { return false; };
  EXPECT_THROW(compile(lenet(), cpu_target(), options), Error);
}

}  // namespace
}  // namespace tenfold
