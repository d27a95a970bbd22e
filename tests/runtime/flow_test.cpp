// Steps that decide at run time, on the CPU: against the same thing computed here.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tenfold/engine.h"
#include "tests/runtime/allocation_count.h"
#include "tests/runtime/fake_device.h"
#include "tests/support/flow_plans.h"

namespace tenfold::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<Context> context_of(Plan plan) {
  return Engine::create(std::move(plan), open_device({"cpu", 0}))->create_context();
}

Tensor flag(bool value) { return Tensor::of<int>(DType::kBool, {}, {value ? 1 : 0}); }
Tensor number(int64_t value) { return Tensor::of<int64_t>(DType::kI64, {}, {value}); }

std::vector<float> floats(const Tensor& t) {
  const auto span = t.as<float>();
  return {span.begin(), span.end()};
}

std::string refusal(const std::function<void()>& what) {
  try {
    what();
    return "nothing was refused";
  } catch (const Error& e) {
    return e.full();
  }
}

TEST(Flow, ABranchRunsTheProgramThatItsConditionNames) {
  const auto context = context_of(branch_plan());
  for (const int64_t n : {3, 1, 8}) {
    const Tensor x = random_tensor({n, 4}, static_cast<uint64_t>(n));
    for (const bool c : {true, false, true}) {
      const Tensor y = context->run({{"c", flag(c)}, {"x", x}}).at("y");
      ASSERT_EQ(y.dims(), (Extents{n, 4}));
      for (int64_t k = 0; k < y.count(); ++k)
        EXPECT_FLOAT_EQ(static_cast<float>(y.at(k)),
                        static_cast<float>(c ? x.at(k) + 1 : x.at(k) * 4));
    }
  }
}

struct LoopResult {
  std::vector<float> v;
  std::vector<std::vector<float>> all;
};

LoopResult looped(const Tensor& x, int64_t m, bool go, int64_t stop) {
  LoopResult r{floats(x), {}};
  for (int64_t k = 0; go && k < m; ++k) {
    r.all.push_back(r.v);
    for (size_t e = 0; e < r.v.size(); ++e)
      r.v[e] =
          static_cast<float>(r.v[e] * 0.5f) + static_cast<float>(x.at(static_cast<int64_t>(e)));
    go = k + 1 < stop;
  }
  return r;
}

TEST(Flow, ALoopCarriesGathersAndCounts) {
  const auto context = context_of(loop_plan());
  for (const int64_t n : {2, 5})
    for (const int64_t m : {0, 1, 4, 6})
      for (const int64_t stop : {0, 3, 99})
        for (const bool go : {true, false}) {
          const Tensor x = random_tensor({n, 4}, static_cast<uint64_t>(m * 7 + stop));
          const LoopResult want = looped(x, m, go, stop);
          const auto out =
              context->run({{"m", number(m)}, {"go", flag(go)}, {"stop", number(stop)}, {"x", x}});
          const auto trips = static_cast<int64_t>(want.all.size());
          ASSERT_EQ(out.at("n").at(0), static_cast<double>(trips));
          ASSERT_EQ(out.at("all").dims(), (Extents{trips, n, 4}));
          EXPECT_EQ(floats(out.at("v")), want.v);
          for (int64_t k = 0; k < trips * n * 4; ++k)
            ASSERT_EQ(static_cast<float>(out.at("all").at(k)),
                      want.all[static_cast<size_t>(k / (n * 4))][static_cast<size_t>(k % (n * 4))]);
        }
}

TEST(Flow, MoreTripsThanThereIsRoomForEndTheRun) {
  const auto context = context_of(loop_plan());
  const Tensor x = random_tensor({1, 4}, 1);
  EXPECT_THAT(
      refusal([&] {
        context->run({{"m", number(7)}, {"go", flag(true)}, {"stop", number(99)}, {"x", x}});
      }),
      HasSubstr("room"));
  EXPECT_EQ(context->run({{"m", number(6)}, {"go", flag(true)}, {"stop", number(99)}, {"x", x}})
                .at("n")
                .at(0),
            6);
}

TEST(Flow, ACountedSizeIsKnownAfterTheRun) {
  const auto engine = Engine::create(count_plan(), open_device({"cpu", 0}));
  const auto context = engine->create_context();
  for (const int64_t n : {8, 3, 1})
    for (int pattern = 0; pattern < 8; ++pattern) {
      const Tensor x = random_tensor({n, 4}, static_cast<uint64_t>(pattern));
      Tensor c = Tensor::zeros(DType::kBool, {n});
      std::vector<float> want;
      for (int64_t k = 0; k < n; ++k) {
        if (((pattern >> (k % 3)) & 1) == 0) continue;
        store_element(DType::kBool, c.mutable_data(), k, 1);
        for (int64_t e = 0; e < 4; ++e) want.push_back(static_cast<float>(x.at(k * 4 + e)) * 10.0f);
      }
      const auto count = static_cast<int64_t>(want.size()) / 4;
      const auto out = context->run({{"x", x}, {"c", c}});
      EXPECT_EQ(out.at("y").dims(), (Extents{count, 4}));
      EXPECT_EQ(floats(out.at("y")), want);
      EXPECT_EQ(out.at("n").at(0), static_cast<double>(4 * count + n));
      EXPECT_EQ(context->shape(2), (Extents{count, 4}));
      EXPECT_EQ(context->bytes(2), 8 * 4 * 4);   // there is room for the bound
      EXPECT_EQ(context->read_tap("rows").dims(), (Extents{count, 4}));
    }
}

TEST(Flow, ASizeThatGrowsAsTheCountFallsIsHeldToItsStorage) {
  Plan plan = count_plan();
  plan.sections[0].bindings[2] = binding_of("y", "f32[8-K,4]", false);
  Program& p = plan.sections[0].programs[0];
  p.steps[2].outputs[0] = p.steps[0].outputs[0];
  p.steps[2].inputs[0] = p.steps[0].outputs[0];
  const auto context = context_of(plan);
  const auto out =
      context->run({{"x", random_tensor({8, 4}, 3)}, {"c", Tensor::zeros(DType::kBool, {8})}});
  EXPECT_EQ(out.at("y").dims(), (Extents{0, 4}));
}

TEST(Flow, ACountBeyondItsBoundEndsTheRun) {
  Plan plan = count_plan();
  plan.sections[0].programs[0].symbols[1].max = 5;
  const auto context = context_of(plan);
  Tensor c = Tensor::zeros(DType::kBool, {8});
  for (int64_t k = 0; k < 6; ++k) store_element(DType::kBool, c.mutable_data(), k, 1);
  EXPECT_THAT(refusal([&] { context->run({{"x", random_tensor({8, 4}, 3)}, {"c", c}}); }),
              HasSubstr("beyond its bound"));
}

TEST(Flow, ManyRunsAllocateNothing) {
  for (const bool loops : {true, false}) {
    const auto engine =
        Engine::create(loops ? loop_plan() : branch_plan(), open_device({"cpu", 0}));
    const auto context = engine->create_context();
    context->set_batch(2);
    context->bind();
    std::vector<Tensor> storage;
    for (int k = 0; k < static_cast<int>(engine->bindings().size()); ++k) {
      storage.push_back(Tensor::zeros(DType::kU8, {std::max<int64_t>(context->bytes(k), 64)}));
      ASSERT_TRUE(context->set_address(k, storage.back().mutable_data()).ok());
    }
    if (loops) {
      storage[0].as_mutable<uint8_t>()[0] = 5;   // m
      storage[1].as_mutable<uint8_t>()[0] = 1;
      storage[2].as_mutable<uint8_t>()[0] = 9;   // stop
    }
    Stream stream = Stream::create(engine->device());
    ASSERT_TRUE(context->enqueue(stream).ok());
    const int64_t before = allocations_of_this_thread();
    for (int run = 0; run < 10000; ++run) {
      storage[0].as_mutable<uint8_t>()[0] = static_cast<uint8_t>(run % 2 + (loops ? 3 : 0));
      ASSERT_TRUE(context->enqueue(stream).ok());
    }
    EXPECT_EQ(allocations_of_this_thread(), before);
  }
}

// A body that only says "go on".
Plan endless_plan() {
  Plan plan = branch_plan();
  Section& s = plan.sections[0];
  s.bindings = {binding_of("c", "bool[]", true), binding_of("y", "bool[]", false)};
  ProgramMaker whole, body;
  whole.step(StepKind::kLoop, "loop", "carried=1", {{}, {}, binding_at(0)}, {binding_at(1)}, {1});
  body.row("on", "Pointwise(bool[]) out0=in0 -> bool[]", {binding_at(1)}, {binding_at(3)});
  body.row("same", "Pointwise(bool[]) out0=in0 -> bool[]", {binding_at(2)}, {binding_at(4)});
  s.programs = {whole.program, body.program};
  return plan;
}

TEST(Flow, ALoopWithoutEndIsStopped) {
  const auto context = context_of(endless_plan());
  EXPECT_THAT(refusal([&] { context->run({{"c", flag(true)}}); }), HasSubstr("does not end"));
}

TEST(Flow, CancellationEndsALoopBetweenItsSteps) {
  const auto context = context_of(endless_plan());
  for (int round = 0; round < 3; ++round) {
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      context->cancel();
    });
    EXPECT_THAT(refusal([&] { context->run({{"c", flag(true)}}); }), HasSubstr("cancelled"));
    other.join();
  }
}

TEST(Flow, ProfilesAndTapsSeeInnerSteps) {
  const auto context = context_of(loop_plan());
  const Tensor x = random_tensor({2, 4}, 5);
  const std::map<std::string, Tensor> inputs = {
      {"m", number(4)}, {"go", flag(true)}, {"stop", number(99)}, {"x", x}};
  context->set_profiling(true);
  const auto profiled = context->run(inputs);
  std::vector<std::string> names;
  for (const StepTime& t : context->step_times()) {
    names.push_back(t.name + ":" + t.row);
    EXPECT_GE(t.us, 0) << t.name;
  }
  EXPECT_THAT(names, ElementsAre("loop:loop", "loop/keep:ref.Pointwise", "loop/half:ref.Pointwise",
                                 "loop/add:ref.Pointwise", "loop/on:ref.Pointwise", "size:scalar"));
  EXPECT_GT(context->step_times()[2].us, 0);
  context->set_profiling(false);
  const auto plain = context->run(inputs);
  EXPECT_EQ(floats(plain.at("v")), floats(profiled.at("v")));
  EXPECT_THAT(context->taps(), ElementsAre("loop/half"));
  const LoopResult want = looped(x, 4, true, 99);
  const Tensor half = context->read_tap("loop/half");   // of the last iteration
  for (int64_t k = 0; k < half.count(); ++k)
    EXPECT_EQ(static_cast<float>(half.at(k)), want.all[3][static_cast<size_t>(k)] * 0.5f);
  EXPECT_EQ(floats(context->run(inputs).at("v")), want.v);
  EXPECT_THAT(refusal([&] { context->read_tap("half"); }), HasSubstr("there is 'loop/half'"));
}

TEST(Flow, ATapOfTheOtherBranchIsNotMadeUp) {
  const auto context = context_of(branch_plan());
  const Tensor x = random_tensor({2, 4}, 6);
  context->run({{"c", flag(false)}, {"x", x}});
  const Tensor twice = context->read_tap("choice/twice");
  for (int64_t k = 0; k < twice.count(); ++k)
    EXPECT_EQ(static_cast<float>(twice.at(k)), static_cast<float>(x.at(k)) * 2);
  context->run({{"c", flag(true)}, {"x", x}});
  EXPECT_THAT(refusal([&] { context->read_tap("choice/twice"); }), HasSubstr("another way"));
}

TEST(Flow, CallsNestAndTheirMemoryIsPlanned) {
  // call -> if -> call: y = (x + 1) or 4x, through buffers at every level.
  Plan plan = branch_plan();
  std::vector<Program>& programs = plan.sections[0].programs;
  const std::vector<Program> old = programs;
  ProgramMaker whole, middle, inner;
  for (ProgramMaker* m : {&whole, &middle, &inner}) m->program.symbols = old[0].symbols;
  const ValueRef a = whole.buffer("a", "f32[N,4]");
  whole.step(StepKind::kCall, "outer", "", {binding_at(0), binding_at(1)}, {a}, {1});
  whole.row("minus", "Pointwise(f32[N,4]) out0=sub(in0,1.0) -> f32[N,4]", {a}, {binding_at(2)});
  middle.program = old[0];
  middle.program.steps[0].programs = {2, 3};
  const ValueRef b = inner.buffer("b", "f32[N,4]");
  inner.step(StepKind::kCall, "leaf", "", {binding_at(0)}, {b}, {4});
  inner.row("same", "Pointwise(f32[N,4]) out0=in0 -> f32[N,4]", {b}, {binding_at(1)});
  programs = {whole.program, middle.program, inner.program, old[2], old[1]};
  const auto context = context_of(plan);
  const Tensor x = random_tensor({3, 4}, 8);
  for (const bool c : {true, false}) {
    const Tensor y = context->run({{"c", flag(c)}, {"x", x}}).at("y");
    for (int64_t k = 0; k < y.count(); ++k)
      EXPECT_NEAR(y.at(k), c ? x.at(k) : x.at(k) * 4 - 1, 1e-5);
  }
  EXPECT_GE(context->memory_bytes(), 2 * 3 * 4 * 4);
}

TEST(Flow, TheLogTellsTheWayThroughIt) {
  const auto context = context_of(branch_plan());
  context->set_recorder(RecorderKind::kLog);
  context->set_batch(1);
  context->bind();
  EXPECT_THAT(context->recorded(), HasSubstr("if 'choice'\n"));
  EXPECT_THAT(context->recorded(), HasSubstr("else 'choice'\n"));
  EXPECT_THAT(context->recorded(), HasSubstr("host slots="));
}

// The reference rows' work as a row of the fake device.
class FakeAny : public Row {
 public:
  std::string_view name() const override { return "fake.Any"; }
  std::string_view backend() const override { return "fake"; }
  std::vector<std::string> patterns() const override { return {}; }
  Verdict supports(const Problem&, const Target&) const override { return {}; }
  std::vector<FormatTuple> formats(const Problem&, const Target&, TypeSet) const override {
    return {};
  }
  double estimate(const Problem&, const Target&) const override { return 1; }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override {
    return find_row("ref." + args.problem.op)->attach(nullptr, args);
  }
  void record(Commands& commands, const Operands& operands, const RowState*,
              const RowInstance& instance) const noexcept override {
    find_row("ref.Pointwise")->record(commands, operands, nullptr, instance);
  }
};

// A machine whose memory the host does not reach: every address that the steps, the copies between
// iterations and the reading of conditions touch is checked to be the device's.
TEST(Flow, DecidesOnAMachineWithMemoryOfItsOwn) {
  static const bool registered = (register_row(std::make_unique<FakeAny>()), true);
  ASSERT_TRUE(registered);
  const auto for_fake = [](Plan plan) {
    Section& s = plan.sections[0];
    s.target.kind = "fake";
    s.devices = {{"fake", 0}};
    for (Program& p : s.programs)
      for (Step& step : p.steps)
        if (!step.row.empty()) step.row = "fake.Any";
    return plan;
  };
  const auto device = std::make_shared<FakeDevice>(false);
  const auto branch = Engine::create(for_fake(branch_plan()), device)->create_context();
  const Tensor x = random_tensor({2, 4}, 6);
  for (const bool c : {true, false}) {
    const Tensor y = branch->run({{"c", flag(c)}, {"x", x}}).at("y");
    for (int64_t k = 0; k < y.count(); ++k)
      EXPECT_FLOAT_EQ(static_cast<float>(y.at(k)),
                      static_cast<float>(c ? x.at(k) + 1 : x.at(k) * 4));
  }
  const auto loop = Engine::create(for_fake(loop_plan()), device)->create_context();
  for (const int64_t m : {4, 0, 6, 2}) {
    const LoopResult want = looped(x, m, true, 5);
    const auto out =
        loop->run({{"m", number(m)}, {"go", flag(true)}, {"stop", number(5)}, {"x", x}});
    EXPECT_EQ(floats(out.at("v")), want.v);
    const auto trips = static_cast<int64_t>(want.all.size());
    ASSERT_EQ(out.at("all").dims(), (Extents{trips, 2, 4}));
    EXPECT_EQ(out.at("n").at(0), static_cast<double>(trips));
    for (int64_t k = 0; k < trips * 8; ++k)
      EXPECT_EQ(static_cast<float>(out.at("all").at(k)),
                want.all[static_cast<size_t>(k / 8)][static_cast<size_t>(k % 8)]);
  }
  EXPECT_EQ(loop->read_tap("loop/half").dims(), (Extents{2, 4}));
  const auto count = Engine::create(for_fake(count_plan()), device)->create_context();
  const auto out = count->run({{"x", x}, {"c", Tensor::of<int>(DType::kBool, {2}, {0, 1})}});
  EXPECT_EQ(out.at("y").dims(), (Extents{1, 4}));
  EXPECT_EQ(out.at("n").at(0), 6);
}

}  // namespace
}  // namespace tenfold::test
