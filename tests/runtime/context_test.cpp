// Contexts on the CPU with the reference rows: shapes, results, guards, taps, cancellation.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "tenfold/engine.h"
#include "tests/runtime/allocation_count.h"
#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<Engine> cpu_engine(Plan plan, const EngineOptions& options = {}) {
  return Engine::create(std::move(plan), open_device({"cpu", 0}), options);
}

void expect_reference(const Tensor& data, const Tensor& out) {
  const std::vector<double> want = small_plan_reference(data);
  ASSERT_EQ(out.count(), static_cast<int64_t>(want.size()));
  for (size_t k = 0; k < want.size(); ++k)
    ASSERT_NEAR(out.at(static_cast<int64_t>(k)), want[k], 1e-5) << k;
}

TEST(Context, RunsAPlanMadeByHand) {
  const auto engine = cpu_engine(small_plan());
  EXPECT_TRUE(engine->messages().empty());
  EXPECT_EQ(engine->binding_index("out"), 1);
  EXPECT_EQ(engine->binding_index("nothing"), -1);
  const auto context = engine->create_context();
  for (const int64_t n : {3, 1, 8}) {
    const Tensor data = random_tensor({n, 2, 6, 6}, static_cast<uint64_t>(n));
    const auto out = context->run({{"data", data}});
    EXPECT_EQ(out.at("out").dims(), (Extents{n, 4, 6, 6}));
    expect_reference(data, out.at("out"));
  }
}

TEST(Context, EnqueuesOnTheCallersAddresses) {
  const auto engine = cpu_engine(small_plan());
  const auto context = engine->create_context();
  Stream stream = Stream::create(engine->device());
  EXPECT_EQ(context->enqueue(stream).code(), Code::kInvalid);
  EXPECT_THROW(context->shape(0), Error);
  context->set_batch(2);
  context->bind();
  EXPECT_EQ(context->shape(1), (Extents{2, 4, 6, 6}));
  EXPECT_EQ(context->bytes(0), 2 * 2 * 36 * 4);
  EXPECT_GE(context->memory_bytes(), 2 * 4 * 36 * 4);
  EXPECT_EQ(context->enqueue(stream).code(), Code::kInvalid);   // no addresses yet
  for (uint64_t seed = 0; seed < 3; ++seed) {
    Tensor data = random_tensor({2, 2, 6, 6}, seed);
    Tensor out = Tensor::zeros(DType::kF32, {2, 4, 6, 6});
    ASSERT_TRUE(context->set_address(0, data.mutable_data()).ok());
    ASSERT_TRUE(context->set_address(1, out.mutable_data()).ok());
    ASSERT_TRUE(context->enqueue(stream).ok());
    ASSERT_TRUE(stream.synchronize().ok());
    expect_reference(data, out);
  }
  EXPECT_EQ(context->set_address(2, nullptr).code(), Code::kNotFound);
  EXPECT_EQ(context->set_address(-1, nullptr).code(), Code::kNotFound);
}

// A run of another shape leaves no address behind that is too small for it.
TEST(Context, RunsOfAnotherShapeDropTheCallersAddresses) {
  const auto engine = cpu_engine(small_plan());
  const auto context = engine->create_context();
  Stream stream = Stream::create(engine->device());
  context->set_batch(1);
  context->bind();
  Tensor data = random_tensor({1, 2, 6, 6}, 1), out = Tensor::zeros(DType::kF32, {1, 4, 6, 6});
  ASSERT_TRUE(context->set_address(0, data.mutable_data()).ok());
  ASSERT_TRUE(context->set_address(1, out.mutable_data()).ok());
  context->run({{"data", random_tensor({1, 2, 6, 6}, 2)}});
  EXPECT_TRUE(context->enqueue(stream).ok());
  ASSERT_TRUE(stream.synchronize().ok());
  expect_reference(data, out);
  context->run({{"data", random_tensor({3, 2, 6, 6}, 3)}});
  EXPECT_EQ(context->enqueue(stream).code(), Code::kInvalid);
}

TEST(Context, BatchZeroDoesNothingAndSucceeds) {
  const auto engine = cpu_engine(small_plan());
  const auto context = engine->create_context();
  const auto out = context->run({{"data", Tensor(DType::kF32, {0, 2, 6, 6})}});
  EXPECT_EQ(out.at("out").dims(), (Extents{0, 4, 6, 6}));
  Stream stream = Stream::create(engine->device());
  EXPECT_TRUE(context->enqueue(stream).ok());   // no addresses are needed
  context->cancel();
  EXPECT_EQ(context->enqueue(stream).code(), Code::kCancelled);
  EXPECT_TRUE(context->enqueue(stream).ok());
  EXPECT_EQ(context->memory_bytes(), 0);
}

TEST(Context, RefusesWrongShapesAndNames) {
  const auto engine = cpu_engine(small_plan());
  const auto context = engine->create_context();
  const auto bind_error = [&](const Extents& dims) -> std::string {
    try {
      context->set_shape("data", dims);
      context->bind();
    } catch (const Error& e) {
      return e.full();
    }
    return {};
  };
  EXPECT_THROW(context->bind(), Error);
  EXPECT_THAT(bind_error({1, 2, 6}), HasSubstr("f32[N,2,6,6]"));
  EXPECT_THAT(bind_error({1, 3, 6, 6}), HasSubstr("cannot be [1,3,6,6]"));
  EXPECT_THAT(bind_error({-1, 2, 6, 6}), HasSubstr("f32[N,2,6,6]"));
  EXPECT_THAT(bind_error({9, 2, 6, 6}), HasSubstr("N from 0 to 8"));
  EXPECT_EQ(bind_error({8, 2, 6, 6}), "");
  try {
    context->set_shape("dat", {1, 2, 6, 6});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("did you mean 'data'?"));
  }
  EXPECT_THROW(context->set_shape("out", {1, 4, 6, 6}), Error);
  EXPECT_THROW(context->run({}), Error);
  EXPECT_THROW(context->run({{"data", Tensor(DType::kF16, {1, 2, 6, 6})}}), Error);
}

TEST(Context, TakesTheTightestProgram) {
  const auto engine = cpu_engine(guarded_plan());
  const auto context = engine->create_context();
  for (const int64_t n : {1, 2, 1}) {
    context->set_profiling(true);
    const Tensor data = random_tensor({n, 2, 6, 6}, 5);
    expect_reference(data, context->run({{"data", data}}).at("out"));
    const std::vector<StepTime> times = context->step_times();
    ASSERT_EQ(times.size(), n == 1 ? 3u : 2u);
    EXPECT_EQ(times[0].name, "conv");
    EXPECT_EQ(times[0].row, "ref.Conv");
    EXPECT_GT(times[0].us, 0);
  }
}

TEST(Context, TapsDoNotChangeResults) {
  // A chain in which the tapped value's memory is reused.
  Plan plan = chain_plan(6);
  plan.sections[0].programs[0].taps = {{"second", {ValueRef::Kind::kBuffer, 1}, 1},
                                       {"input", {ValueRef::Kind::kBinding, 0}, 0},
                                       {"result", {ValueRef::Kind::kBinding, 1}, 5}};
  const auto engine = cpu_engine(plan);
  const auto context = engine->create_context();
  const Tensor data = random_tensor({4, 16}, 1);
  EXPECT_THROW(context->read_tap("second"), Error);
  const Tensor before = context->run({{"data", data}}).at("out");
  EXPECT_EQ(context->taps(), (std::vector<std::string>{"second", "input", "result"}));
  const int64_t memory = context->memory_bytes();
  const Tensor second = context->read_tap("second"), result = context->read_tap("result");
  for (int64_t k = 0; k < data.count(); ++k) {
    ASSERT_NEAR(second.at(k), data.at(k) + 2, 1e-5);
    ASSERT_EQ(result.at(k), before.at(k));
    ASSERT_EQ(context->read_tap("input").at(k), data.at(k));
  }
  EXPECT_GT(context->memory_bytes(), memory);   // only now
  const Tensor after = context->run({{"data", data}}).at("out");
  for (int64_t k = 0; k < data.count(); ++k) ASSERT_EQ(after.at(k), before.at(k));
  try {
    context->read_tap("third");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNotFound);
    EXPECT_THAT(e.full(), HasSubstr("there is 'second'"));
  }
}

TEST(Context, TapsAreOfARunOfTheBoundShape) {
  Plan plan = chain_plan(4);
  plan.sections[0].programs[0].taps = {{"second", {ValueRef::Kind::kBuffer, 1}, 1}};
  const auto engine = cpu_engine(plan);
  const auto context = engine->create_context();
  const Tensor two = random_tensor({2, 16}, 1), three = random_tensor({3, 16}, 2);
  context->run({{"data", two}});
  context->run({{"data", three}});
  // The memory of the first run is gone, and the arena holds the second's values.
  context->set_shape("data", {2, 16});
  context->bind();
  EXPECT_THROW(context->read_tap("second"), Error);
  context->run({{"data", two}});
  EXPECT_NEAR(context->read_tap("second").at(5), two.at(5) + 2, 1e-5);
  context->run({{"data", three}});
  context->set_shape("data", {2, 16});
  context->bind();
  EXPECT_THROW(context->read_tap("second"), Error);
}

TEST(Context, CancelEndsOneRun) {
  const auto engine = cpu_engine(chain_plan(4));
  const auto context = engine->create_context();
  const Tensor data = random_tensor({1, 16}, 1);
  context->run({{"data", data}});
  context->cancel();
  try {
    context->run({{"data", data}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kCancelled);
  }
  EXPECT_NO_THROW(context->run({{"data", data}}));
}

TEST(Context, EnqueueAllocatesNothing) {
  const auto engine = cpu_engine(chain_plan(12));
  const auto context = engine->create_context();
  context->set_batch(3);
  context->bind();
  Tensor data = random_tensor({3, 16}, 1), out(DType::kF32, {3, 16}), other(DType::kF32, {3, 16});
  Stream stream = Stream::create(engine->device());
  ASSERT_TRUE(context->set_address(0, data.mutable_data()).ok());
  ASSERT_TRUE(context->set_address(1, out.mutable_data()).ok());
  ASSERT_TRUE(context->enqueue(stream).ok());
  const int64_t before = allocations_of_this_thread();
  const size_t heap = mallinfo2().uordblks;
  bool ok = true;
  for (int k = 0; k < 10000; ++k) {
    ok &= context->set_address(1, k % 2 == 0 ? other.mutable_data() : out.mutable_data()).ok();
    ok &= context->enqueue(stream).ok();
  }
  EXPECT_TRUE(ok);
  EXPECT_EQ(allocations_of_this_thread() - before, 0);
  EXPECT_EQ(mallinfo2().uordblks, heap);
}

TEST(Context, ThreadsOwnContextsOfOneEngine) {
  const auto engine = cpu_engine(small_plan());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      const auto context = engine->create_context();
      for (int64_t round = 0; round < 12; ++round) {
        const Tensor data = random_tensor({1 + (round + static_cast<int64_t>(t)) % 4, 2, 6, 6}, t);
        const Tensor out = context->run({{"data", data}}).at("out");
        const std::vector<double> want = small_plan_reference(data);
        for (size_t k = 0; k < want.size(); ++k)
          if (std::abs(out.at(static_cast<int64_t>(k)) - want[k]) > 1e-5) ++wrong;
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Context, KeepsItsEngineAlive) {
  auto engine = cpu_engine(small_plan());
  const auto context = engine->create_context();
  engine.reset();
  const Tensor data = random_tensor({1, 2, 6, 6}, 9);
  expect_reference(data, context->run({{"data", data}}).at("out"));
}

TEST(Context, BindingsInOtherLayoutsArePacked) {
  Plan plan = small_plan();
  Section& s = plan.sections[0];
  s.bindings[0].format.layout = Layout::channels_last();
  s.bindings[1].format.layout = Layout::channels_last(8);
  Program& p = s.programs[0];
  p.steps[0].problem.inputs[0].format = s.bindings[0].format;
  p.steps[1].problem.outputs[0].format = s.bindings[1].format;
  const auto context = cpu_engine(plan)->create_context();
  const Tensor data = random_tensor({2, 2, 6, 6}, 11);
  expect_reference(data, context->run({{"data", data}}).at("out"));
}

}  // namespace
}  // namespace tenfold::test
