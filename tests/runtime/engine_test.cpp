// Engines: rows replaced, constants, limits, trust; and the seam on a machine of tests.
#include "tenfold/engine.h"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/plan/container.h"
#include "tests/runtime/fake_device.h"
#include "tests/runtime/no_threads.h"
#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<FakeDevice> fake(bool host_accessible = false) {
  register_fake_rows();
  return std::make_shared<FakeDevice>(host_accessible);
}

void expect_reference(const Tensor& data, const Tensor& out) {
  const std::vector<double> want = small_plan_reference(data);
  ASSERT_EQ(out.count(), static_cast<int64_t>(want.size()));
  for (size_t k = 0; k < want.size(); ++k)
    ASSERT_NEAR(out.at(static_cast<int64_t>(k)), want[k], 1e-5) << k;
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return std::string(to_string(e.code())) + ": " + e.full();
  }
  return {};
}

TEST(Engine, ReplacesRowsThatTheMachineLacks) {
  Plan plan = small_plan();
  plan.sections[0].programs[0].steps[0].row = "exotic.conv";
  plan.sections[0].programs[0].steps[0].tactic = "tile=9";
  plan.sections[0].programs[0].steps[1].row = "ref.Conv";   // exists, but refuses Pointwise
  const auto engine = Engine::create(plan, open_device({"cpu", 0}));
  ASSERT_EQ(engine->messages().size(), 2u);
  EXPECT_THAT(
      engine->messages()[0],
      HasSubstr(
          "row 'exotic.conv' cannot run it (this build has no such row); replaced by 'ref.Conv'"));
  EXPECT_THAT(engine->messages()[1], HasSubstr("replaced by 'ref.Pointwise'"));
  const Tensor data = random_tensor({2, 2, 6, 6}, 1);
  expect_reference(data, engine->create_context()->run({{"data", data}}).at("out"));
}

TEST(Engine, SaysThatAPlanWasMadeForAnotherMachine) {
  Plan plan = small_plan();
  plan.sections[0].target.name = "arm64-of-tests";
  const auto engine = Engine::create(plan, open_device({"cpu", 0}));
  ASSERT_EQ(engine->messages().size(), 1u);
  EXPECT_THAT(engine->messages()[0], HasSubstr("made for cpu arm64-of-tests, this machine is "));
}

TEST(Engine, RefusesWhatCannotBeReplaced) {
  const auto device = fake();
  Plan plan = small_plan("fake.", "fake");
  plan.sections[0].programs[0].steps[0].row = "exotic.conv";
  EXPECT_THAT(error_of([&] { Engine::create(plan, device); }),
              HasSubstr("unsupported: step 'conv': row 'exotic.conv' cannot run it"));
  Plan control = small_plan();
  control.sections[0].programs[0].steps[1].kind = StepKind::kLoop;
  control.sections[0].programs[0].steps[1].programs = {1};
  control.sections[0].programs.push_back(control.sections[0].programs[0]);
  EXPECT_THAT(error_of([&] { Engine::create(control, open_device({"cpu", 0})); }),
              HasSubstr("a loop"));
  EXPECT_THAT(error_of([&] { Engine::create(small_plan(), device); }),
              HasSubstr("has no section for fake"));
  EXPECT_THAT(error_of([&] { Engine::create(small_plan(), nullptr); }),
              HasSubstr("needs a device"));
}

TEST(Engine, DamagedConstantsAreFoundBeforeTheyAreUsed) {
  std::vector<std::byte> bytes = small_plan().serialize();
  bytes.back() ^= std::byte{1};
  const Plan plan = Plan::deserialize(bytes);
  EXPECT_THAT(error_of([&] { Engine::create(plan, open_device({"cpu", 0})); }),
              HasSubstr("invalid: plan file: section 'data 0' is damaged"));
}

TEST(Engine, MemoryLimitSaysHowMuchIsNeeded) {
  EngineOptions options;
  options.memory_limit = 20000;
  const auto engine = Engine::create(small_plan(), open_device({"cpu", 0}), options);
  const auto context = engine->create_context();
  const Tensor one = random_tensor({1, 2, 6, 6}, 1), eight = random_tensor({8, 2, 6, 6}, 1);
  EXPECT_NO_THROW(context->run({{"data", one}}));
  EXPECT_THAT(
      error_of([&] { context->run({{"data", eight}}); }),
      ::testing::MatchesRegex("resource: this shape needs [0-9]+ bytes.*the limit is 20000"));
  EXPECT_NO_THROW(context->run({{"data", one}}));
  options.memory_limit = 100;   // the recipe makes 288 bytes
  EXPECT_THAT(error_of([&] { Engine::create(small_plan(), open_device({"cpu", 0}), options); }),
              HasSubstr("resource: the plan's constants need 288 bytes"));
}

TEST(Seam, APlanRunsOnAMachineOfTests) {
  for (const bool host_accessible : {false, true}) {
    const auto device = fake(host_accessible);
    const auto engine = Engine::create(small_plan("fake.", "fake"), device);
    EXPECT_TRUE(engine->messages().empty());
    // Weights are packed by the row; only the bias stays, on the device in a place of its own.
    EXPECT_EQ(engine->constant_bytes(), host_accessible ? 16 : 256);
    const auto context = engine->create_context();
    for (const int64_t n : {2, 5, 2}) {
      const Tensor data = random_tensor({n, 2, 6, 6}, static_cast<uint64_t>(n));
      expect_reference(data, context->run({{"data", data}}).at("out"));
    }
    const Tensor conv = context->read_tap("conv");
    EXPECT_EQ(conv.dims(), (Extents{2, 4, 6, 6}));
  }
}

TEST(Seam, MachineCodeNeedsTrust) {
  Plan plan = small_plan("fake.", "fake");
  plan.sections[0].artifacts.push_back({"cubin", "k", "key", {std::byte{1}}});
  plan.sections[0].programs[0].steps[0].artifact = 0;
  const int before = fake_row_counters().trusted;
  Engine::create(plan, fake());
  EXPECT_EQ(fake_row_counters().trusted, before);
  EngineOptions options;
  options.trust = true;
  Engine::create(plan, fake(), options);
  EXPECT_EQ(fake_row_counters().trusted, before + 1);
}

TEST(Seam, EqualStepsArePreparedOnce) {
  Plan plan = small_plan("fake.", "fake");
  plan.sections[0].programs.push_back(plan.sections[0].programs[0]);
  plan.sections[0].programs[1].symbols[0].max = 4;
  const int before = fake_row_counters().prepared;
  Engine::create(plan, fake());
  EXPECT_EQ(fake_row_counters().prepared, before + 1);
}

TEST(Seam, StepsArePreparedWithoutThreadsToo) {
  if (!can_refuse_threads()) GTEST_SKIP() << "a sanitizer starts this build's threads";
  const auto device = fake();
  const auto engine = [&] {
    const NoThreads none;
    return Engine::create(small_plan("fake.", "fake"), device);
  }();
  const Tensor data = random_tensor({2, 2, 6, 6}, 6);
  expect_reference(data, engine->create_context()->run({{"data", data}}).at("out"));
}

TEST(Seam, RefusesAddressesThatKernelsCannotLoadFrom) {
  const auto device = fake();
  const auto context = Engine::create(small_plan("fake.", "fake"), device)->create_context();
  const auto memory = device->allocate(64, MemoryKind::kDevice);
  EXPECT_TRUE(context->set_address(0, memory->data()).ok());
  EXPECT_TRUE(context->set_address(0, static_cast<std::byte*>(memory->data()) + 16).ok());
  const Status odd = context->set_address(0, static_cast<std::byte*>(memory->data()) + 4);
  EXPECT_EQ(odd.code(), Code::kInvalid);
  EXPECT_THAT(odd.what(), HasSubstr("no multiple of 16"));
}

TEST(Seam, PreparedShapesAreKeptAndShareTheArena) {
  const auto device = fake();
  const auto engine = Engine::create(small_plan("fake.", "fake"), device);
  const auto context = engine->create_context();
  const auto bind = [&](int64_t n) {
    context->set_batch(n);
    const int before = device->recorders;
    context->bind();
    return device->recorders - before;
  };
  for (int64_t n = 1; n <= 8; ++n) EXPECT_EQ(bind(n), 1);
  const int64_t live = device->live_bytes();
  for (int64_t n = 1; n <= 8; ++n) EXPECT_EQ(bind(n), 0) << n;
  EXPECT_EQ(device->live_bytes(), live);
  // One arena as large as the largest shape needs, 256 bytes of context scratch each, the bias.
  EXPECT_LE(live, context->memory_bytes() + 8 * 256 + 256);
  context->set_recorder(RecorderKind::kLog);   // a ninth entry drops the oldest, N = 1
  EXPECT_EQ(bind(8), 1);
  EXPECT_THAT(context->recorded(), HasSubstr("step 1"));
  context->set_recorder(RecorderKind::kReplay);
  EXPECT_EQ(bind(2), 0);
  EXPECT_EQ(bind(1), 1);
}

TEST(Seam, OldShapesFollowAGrownArena) {
  const auto device = fake();
  const auto context = Engine::create(small_plan("fake.", "fake"), device)->create_context();
  const Tensor small = random_tensor({1, 2, 6, 6}, 1), large = random_tensor({8, 2, 6, 6}, 2);
  expect_reference(small, context->run({{"data", small}}).at("out"));
  expect_reference(large, context->run({{"data", large}}).at("out"));   // moves the arena
  expect_reference(small, context->run({{"data", small}}).at("out"));
}

TEST(Seam, RebindsOnlyWhenAddressesChange) {
  const auto device = fake();
  const auto engine = Engine::create(small_plan("fake.", "fake"), device);
  const auto context = engine->create_context();
  // Before bind, so that they cannot get the addresses of memory that bind used and gave back.
  const auto in = device->allocate(1 << 16, MemoryKind::kDevice);
  const auto out = device->allocate(1 << 16, MemoryKind::kDevice);
  context->set_batch(2);
  context->bind();
  ASSERT_LE(std::max(context->bytes(0), context->bytes(1)), 1 << 16);
  Stream stream = Stream::create(device);
  ASSERT_TRUE(context->set_address(0, in->data()).ok());
  ASSERT_TRUE(context->set_address(1, out->data()).ok());
  const int before = device->rebinds;
  for (int k = 0; k < 5; ++k) ASSERT_TRUE(context->enqueue(stream).ok());
  EXPECT_EQ(device->rebinds, before + 1);
  alignas(16) int host = 0;
  ASSERT_TRUE(context->set_address(1, &host).ok());
  EXPECT_EQ(context->enqueue(stream).code(), Code::kDevice);   // not the device's memory
  EXPECT_EQ(context->enqueue(stream).code(), Code::kDevice);   // and not forgotten
  ASSERT_TRUE(context->set_address(1, out->data()).ok());
  EXPECT_TRUE(context->enqueue(stream).ok());
}

TEST(Seam, CancelStopsBetweenSteps) {
  const auto device = fake();
  const auto context = Engine::create(small_plan("fake.", "fake"), device)->create_context();
  const Tensor data = random_tensor({1, 2, 6, 6}, 1);
  context->run({{"data", data}});
  const int before = device->launched_steps;
  device->before_step = [&](uint32_t step) {
    if (step == 1) context->cancel();
  };
  EXPECT_THAT(error_of([&] { context->run({{"data", data}}); }), HasSubstr("cancelled: "));
  EXPECT_EQ(device->launched_steps, before + 1);
  device->before_step = nullptr;
  expect_reference(data, context->run({{"data", data}}).at("out"));
}

TEST(Seam, ASecondThreadIsRefused) {
  const auto device = fake();
  const auto context = Engine::create(small_plan("fake.", "fake"), device)->create_context();
  const Tensor data = random_tensor({1, 2, 6, 6}, 1);
  Status address, enqueued;
  std::string bound;
  device->before_step = [&](uint32_t) {
    std::thread([&] {
      Stream stream = Stream::create(device);
      enqueued = context->enqueue(stream);
      address = context->set_address(0, nullptr);
      bound = error_of([&] { context->bind(); });
    }).join();
  };
  context->run({{"data", data}});
  EXPECT_EQ(enqueued.code(), Code::kInvalid);
  EXPECT_EQ(address.code(), Code::kInvalid);
  EXPECT_THAT(bound, HasSubstr("in use by another thread"));
}

TEST(Seam, ProfilingUsesTheTimer) {
  const auto device = fake();
  const auto context = Engine::create(small_plan("fake.", "fake"), device)->create_context();
  context->set_profiling(true);
  context->run({{"data", random_tensor({1, 2, 6, 6}, 1)}});
  const std::vector<StepTime> times = context->step_times();
  ASSERT_EQ(times.size(), 2u);
  EXPECT_EQ(times[1].name, "scale");
  EXPECT_EQ(times[1].us, 1.5);
}

TEST(Seam, NothingOutlivesItsContext) {
  const auto device = fake();
  {
    const auto context = Engine::create(small_plan("fake.", "fake"), device)->create_context();
    context->run({{"data", random_tensor({3, 2, 6, 6}, 1)}});
    EXPECT_GT(device->live_bytes(), 0);
  }
  EXPECT_EQ(device->live_bytes(), 0);
}

}  // namespace
}  // namespace tenfold::test
