// The CPU as a Device: memory, streams and the recorders, and the registry of backends and rows.
#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include "tenfold/device.h"

namespace tenfold {
namespace {

struct Add {
  int32_t value;
};
void add_host(void* const* slots, const void* data) noexcept {
  *static_cast<int32_t*>(slots[0]) += static_cast<const Add*>(data)->value;
}
int add_foreign(void* native, void* const* slots, const void* data) noexcept {
  if (native != nullptr) return 1;
  *static_cast<int32_t*>(slots[0]) *= static_cast<const Add*>(data)->value;
  return 0;
}
int failing(void*, void* const*, const void*) noexcept { return 42; }

class Recorders : public testing::TestWithParam<RecorderKind> {
 protected:
  std::shared_ptr<Device> device = open_device({"cpu", 0});
  std::unique_ptr<NativeStream> stream = device->create_stream();
};

TEST_P(Recorders, RunCommandsInOrderAndRebind) {
  auto recorder = device->create_recorder(GetParam());
  int32_t memory[8] = {1, 2, 3, 4, 0, 0, 0, 0}, other[8] = {7};
  recorder->begin(2);
  recorder->begin_step(0, {});
  const Slot first{0, 0}, fifth{0, 16}, second{1, 0};
  const Add three{3}, ten{10};
  recorder->copy(fifth, first, 16);
  recorder->host(add_host, {&fifth, 1}, &three, sizeof(three));
  const uint32_t dep = 0;
  recorder->begin_step(1, {&dep, 1});
  recorder->foreign(add_foreign, {&fifth, 1}, &ten, sizeof(ten), false);
  recorder->fill(second, 0xFF, 4);
  void* addresses[] = {memory, other};
  ASSERT_TRUE(recorder->finish(addresses).ok());
  ASSERT_TRUE(recorder->launch(*stream, nullptr).ok());
  EXPECT_EQ(memory[4], 40);
  EXPECT_EQ(memory[5], 2);
  EXPECT_EQ(other[0], -1);
  int32_t moved[8] = {5, 0, 0, 0, 0, 0, 0, 0};
  void* elsewhere[] = {moved, other};
  ASSERT_TRUE(recorder->rebind(elsewhere).ok());
  ASSERT_TRUE(recorder->launch(*stream, nullptr).ok());
  EXPECT_EQ(moved[4], 80);
  EXPECT_EQ(memory[4], 40);
}

TEST_P(Recorders, StopBetweenSteps) {
  auto recorder = device->create_recorder(GetParam());
  int32_t value = 0;
  const Slot slot{0, 0};
  const Add one{1};
  recorder->begin(1);
  for (uint32_t step = 0; step < 3; ++step) {
    recorder->begin_step(step, {});
    recorder->host(add_host, {&slot, 1}, &one, sizeof(one));
  }
  void* addresses[] = {&value};
  ASSERT_TRUE(recorder->finish(addresses).ok());
  std::atomic<bool> cancel{true};
  EXPECT_EQ(recorder->launch(*stream, &cancel).code(), Code::kCancelled);
  EXPECT_EQ(value, 0);
  cancel = false;
  EXPECT_TRUE(recorder->launch(*stream, &cancel).ok());
  EXPECT_EQ(value, 3);
}

TEST_P(Recorders, ReportFailures) {
  auto recorder = device->create_recorder(GetParam());
  recorder->begin(1);
  recorder->begin_step(0, {});
  recorder->foreign(failing, {}, nullptr, 0, false);
  int32_t value = 0;
  void* addresses[] = {&value};
  ASSERT_TRUE(recorder->finish(addresses).ok());
  const Status failed = recorder->launch(*stream, nullptr);
  EXPECT_EQ(failed.code(), Code::kDevice);
  EXPECT_EQ(failed.detail(), 42);

  recorder->begin(1);
  const Slot beyond{3, 0};
  recorder->fill(beyond, 0, 4);
  EXPECT_EQ(recorder->finish(addresses).code(), Code::kInternal);

  recorder->begin(1);
  recorder->kernel(nullptr, {}, {}, 0, {});
  EXPECT_FALSE(recorder->finish(addresses).ok());
}

TEST_P(Recorders, AreReusable) {
  auto recorder = device->create_recorder(GetParam());
  for (int round = 1; round <= 3; ++round) {
    int32_t value = 0;
    const Slot slot{0, 0};
    const Add add{round};
    recorder->begin(1);
    recorder->begin_step(0, {});
    recorder->host(add_host, {&slot, 1}, &add, sizeof(add));
    void* addresses[] = {&value};
    ASSERT_TRUE(recorder->finish(addresses).ok());
    ASSERT_TRUE(recorder->launch(*stream, nullptr).ok());
    EXPECT_EQ(value, round);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Recorders,
                         testing::Values(RecorderKind::kReplay, RecorderKind::kEager,
                                         RecorderKind::kTimer));

TEST(CpuDevice, TimerMeasuresSteps) {
  const auto device = open_device({"cpu", 0});
  auto recorder = device->create_recorder(RecorderKind::kTimer);
  std::vector<std::byte> big(8 << 20);
  const Slot slot{0, 0};
  recorder->begin(1);
  recorder->begin_step(0, {});
  recorder->fill(slot, 1, static_cast<int64_t>(big.size()));
  recorder->begin_step(1, {});
  recorder->fill(slot, 1, 16);
  void* addresses[] = {big.data()};
  ASSERT_TRUE(recorder->finish(addresses).ok());
  const auto stream = device->create_stream();
  ASSERT_TRUE(recorder->launch(*stream, nullptr).ok());
  const auto us = recorder->step_us();
  ASSERT_EQ(us.size(), 2u);
  EXPECT_GT(us[0], us[1]);
}

TEST(CpuDevice, LogWritesAndRunsNothing) {
  const auto device = open_device({"cpu", 0});
  auto recorder = device->create_recorder(RecorderKind::kLog);
  const Slot slot{1, 32};
  const Add add{1};
  recorder->begin(2);
  recorder->begin_step(0, {});
  recorder->host(add_host, {&slot, 1}, &add, sizeof(add));
  recorder->copy(slot, Slot{0, 0}, 12);
  const uint32_t dep = 0;
  recorder->begin_step(1, {&dep, 1});
  recorder->foreign(failing, {}, nullptr, 0, true);
  ASSERT_TRUE(recorder->finish({}).ok());
  const auto stream = device->create_stream();
  EXPECT_TRUE(recorder->launch(*stream, nullptr).ok());
  EXPECT_EQ(recorder->text(),
            "begin slots=2\n"
            "step 0 deps=[]\n"
            "  host slots=[1+32] data=4\n"
            "  copy slots=[1+32,0+0] bytes=12\n"
            "step 1 deps=[0]\n"
            "  foreign slots=[] data=0 capturable\n");
}

TEST(CpuDevice, MemoryIsAlignedAndCopies) {
  const auto device = open_device({"cpu", 0});
  const auto stream = device->create_stream();
  const auto buffer = device->allocate(100, MemoryKind::kDevice);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % 256, 0u);
  EXPECT_EQ(buffer->bytes(), 100);
  const char text[] = "tenfold";
  char back[8] = {};
  ASSERT_TRUE(device->copy_in(buffer->data(), text, 8, *stream).ok());
  ASSERT_TRUE(device->copy_out(back, buffer->data(), 8, *stream).ok());
  EXPECT_STREQ(back, text);
  EXPECT_NE(device->allocate(0, MemoryKind::kDevice)->data(), nullptr);
  EXPECT_THROW(device->allocate(int64_t{1} << 60, MemoryKind::kDevice), Error);
}

TEST(CpuDevice, TargetSaysWhatTheMachineIs) {
  const Target& t = open_device({"cpu", 0})->target();
  EXPECT_EQ(t.kind, "cpu");
  EXPECT_FALSE(t.name.empty());
  EXPECT_GE(t.i("threads"), 1);
  EXPECT_EQ(Target::parse(t.str()), t);
}

TEST(Backends, RowsHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Row* row : all_rows()) {
    EXPECT_TRUE(names.insert(std::string(row->name())).second) << row->name();
    EXPECT_EQ(find_row(row->name()), row);
    EXPECT_FALSE(row->patterns().empty()) << row->name();
  }
  EXPECT_EQ(find_row("no.such"), nullptr);
}

TEST(Backends, DevicesOpenByNameOrBestFirst) {
  std::string reason;
  const auto any = open_device({"auto", 0}, &reason);
  EXPECT_FALSE(reason.empty());
  EXPECT_EQ(open_device({"cpu", 0})->ref().str(), "cpu");
  EXPECT_EQ(host_device(), open_device({"cpu", 0}));
  EXPECT_TRUE(host_device()->host_accessible());
  EXPECT_THROW(open_device({"cpu", 3}), Error);
  EXPECT_THROW(open_device({"abacus", 0}), Error);
}

class Plugin : public Row {
 public:
  std::string_view name() const override { return "test.plugin"; }
  std::string_view backend() const override { return "cpu"; }
  std::vector<std::string> patterns() const override { return {"Never(x)"}; }
  Verdict supports(const Problem&, const Target&) const override { return Verdict::no("a test"); }
  std::vector<FormatTuple> formats(const Problem&, const Target&, TypeSet) const override {
    return {};
  }
  double estimate(const Problem&, const Target&) const override { return 1; }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs&) const override {
    return nullptr;
  }
  void record(Commands&, const Operands&, const RowState*,
              const RowInstance&) const noexcept override {}
};

TEST(Backends, PluginsAreRowsRegisteredAtRunTime) {
  register_row(std::make_unique<Plugin>());
  EXPECT_NE(find_row("test.plugin"), nullptr);
  EXPECT_THROW(register_row(std::make_unique<Plugin>()), Error);
  EXPECT_THROW(register_row(nullptr), Error);
}

}  // namespace
}  // namespace tenfold
