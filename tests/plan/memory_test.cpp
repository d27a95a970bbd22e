// The memory planner: no two live values share bytes, dead ones are reused.
#include <random>

#include <gtest/gtest.h>

#include "src/plan/order.h"
#include "src/plan/storage.h"
#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

ValueRef buffer(uint32_t k) { return {ValueRef::Kind::kBuffer, k}; }

// A program of bare reads and writes over byte buffers.
struct Sketch {
  Program program;
  std::vector<Binding> bindings;
  uint32_t add(int64_t bytes) {
    PlanBuffer b;
    b.name = "b" + std::to_string(program.buffers.size());
    b.dims = {bytes};
    b.format.dtype = DType::kU8;
    program.buffers.push_back(b);
    return static_cast<uint32_t>(program.buffers.size()) - 1;
  }
  void step(std::vector<uint32_t> reads, std::vector<uint32_t> writes, std::vector<uint32_t> deps) {
    Step s;
    for (const uint32_t r : reads) s.inputs.push_back(buffer(r));
    for (const uint32_t w : writes) s.outputs.push_back(buffer(w));
    s.deps = std::move(deps);
    program.steps.push_back(std::move(s));
  }
  MemoryPlan plan(const std::vector<int64_t>& scratch = {}, std::vector<int64_t>* at = nullptr,
                  bool keep_taps = false) const {
    return plan_memory(program, {}, scratch, at, bindings, keep_taps);
  }
};

TEST(PlanMemory, AChainTakesTwoBuffers) {
  Sketch s;
  for (uint32_t k = 0; k < 10; ++k) {
    s.add(4096);
    s.step(k ? std::vector<uint32_t>{k - 1} : std::vector<uint32_t>{}, {k},
           k ? std::vector<uint32_t>{k - 1} : std::vector<uint32_t>{});
  }
  const MemoryPlan plan = s.plan();
  EXPECT_EQ(plan.peak, 2 * 4096);
  EXPECT_EQ(plan.lower_bound, 2 * 4096);
  for (const int64_t offset : plan.offsets) EXPECT_EQ(offset % 256, 0);
}

TEST(PlanMemory, ParallelBranchesDoNotShare) {
  // 0 -> {1, 2} -> 3, without any order between 1 and 2; both use an own intermediate.
  Sketch s;
  const uint32_t in = s.add(64), a = s.add(8192), b = s.add(8192), out = s.add(64);
  s.step({}, {in}, {});
  s.step({in}, {a}, {0});
  s.step({in}, {b}, {0});
  s.step({a, b}, {out}, {1, 2});
  EXPECT_GE(s.plan().peak, 16384);
  // Scratch of unordered steps lies apart, that of ordered ones together.
  std::vector<int64_t> at;
  s.plan({0, 100000, 100000, 0}, &at);
  EXPECT_GE(std::abs(at[1] - at[2]), 100000);
  s.program.steps[2].deps = {0, 1};
  s.plan({0, 100000, 100000, 0}, &at);
  EXPECT_EQ(at[1], at[2]);
}

TEST(PlanMemory, ReuseWaitsForEveryReader) {
  // Step 2 reads a; step 3 writes c without waiting for step 2: c must not take a's place.
  Sketch s;
  const uint32_t a = s.add(1000), b = s.add(1000), c = s.add(1000);
  s.step({}, {a}, {});
  s.step({}, {b}, {0});
  s.step({a}, {b}, {1});
  s.step({}, {c}, {1});
  const MemoryPlan plan = s.plan();
  EXPECT_NE(plan.offsets[a], plan.offsets[c]);
}

TEST(PlanMemory, ViewsAndSlicesLiveInTheirOwner) {
  Sketch s;
  PlanBuffer whole;
  whole.name = "concat";
  whole.dims = parse_shape("N,8,4,4");
  PlanBuffer slice = whole;
  slice.dims = parse_shape("N,3,4,4");
  slice.format.enclosing = 8;
  slice.inside = 0;
  slice.axis1_offset = 5;
  PlanBuffer view = whole;
  view.dims = parse_shape("N,128");
  view.same_as = buffer(0);
  s.program.buffers = {whole, slice, view};
  s.program.symbols = {{"N", 0, 4, 2, false}};
  s.step({}, {1}, {});
  s.step({2}, {}, {0});
  const MemoryPlan plan = plan_memory(s.program, {{"N", 2}}, {}, nullptr, {});
  EXPECT_EQ(plan.peak, 2 * 8 * 16 * 4);
  EXPECT_EQ(plan.offsets, (std::vector<int64_t>{0, -1, -1}));
  const std::vector<PlanConstant> none;
  const Region region = region_of({s.program, {}, none}, buffer(1), {{"N", 2}});
  EXPECT_EQ(region.root, buffer(0));
  EXPECT_EQ(region.offset, 5 * 16 * 4);
  EXPECT_EQ(plan_memory(s.program, {{"N", 0}}, {}, nullptr, {}).peak, 0);
}

TEST(PlanMemory, TapsStayWhenKept) {
  Sketch s;
  for (uint32_t k = 0; k < 4; ++k) {
    s.add(4096);
    s.step(k ? std::vector<uint32_t>{k - 1} : std::vector<uint32_t>{}, {k},
           k ? std::vector<uint32_t>{k - 1} : std::vector<uint32_t>{});
  }
  s.program.taps = {{"first", buffer(0), 0}};
  EXPECT_EQ(s.plan().peak, 2 * 4096);
  const MemoryPlan kept = s.plan({}, nullptr, true);
  EXPECT_EQ(kept.peak, 3 * 4096);
  for (uint32_t k = 1; k < 4; ++k) EXPECT_NE(kept.offsets[k], kept.offsets[0]);
}

// Random graphs: what may be alive at once has bytes of its own.
TEST(PlanMemory, RandomProgramsNeverOverlap) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Sketch s;
    const uint32_t n = 2 + static_cast<uint32_t>(random() % 30);
    std::vector<int64_t> scratch;
    for (uint32_t k = 0; k < n; ++k) {
      s.add(static_cast<int64_t>(random() % 20000));
      std::vector<uint32_t> from;
      for (uint64_t r = random() % 3; r > 0 && k > 0; --r)
        from.push_back(static_cast<uint32_t>(random() % k));
      s.step(from, {k}, from);
      scratch.push_back(random() % 3 == 0 ? static_cast<int64_t>(random() % 50000) : 0);
    }
    std::vector<int64_t> at;
    const MemoryPlan plan = s.plan(scratch, &at);
    const StepOrder order(s.program.steps);
    std::vector<std::vector<uint32_t>> touched(n);
    for (uint32_t k = 0; k < n; ++k) {
      touched[k].push_back(k);
      for (const ValueRef& r : s.program.steps[k].inputs) touched[r.index].push_back(k);
    }
    const auto all_before = [&](const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
      for (const uint32_t x : a)
        for (const uint32_t y : b)
          if (!order.before(x, y)) return false;
      return true;
    };
    struct Range {
      int64_t from, to;
      const std::vector<uint32_t>* touched;
    };
    std::vector<Range> ranges;
    std::vector<std::vector<uint32_t>> own(n);
    for (uint32_t k = 0; k < n; ++k) {
      own[k] = {k};
      const int64_t bytes = s.program.buffers[k].dims[0].value();
      if (bytes > 0) ranges.push_back({plan.offsets[k], plan.offsets[k] + bytes, &touched[k]});
      if (scratch[k] > 0) ranges.push_back({at[k], at[k] + scratch[k], &own[k]});
    }
    for (size_t a = 0; a < ranges.size(); ++a) {
      ASSERT_GE(ranges[a].from, 0);
      ASSERT_LE(ranges[a].to, plan.peak);
      for (size_t b = 0; b < a; ++b)
        if (ranges[a].from < ranges[b].to && ranges[b].from < ranges[a].to) {
          ASSERT_TRUE(all_before(*ranges[a].touched, *ranges[b].touched) ||
                      all_before(*ranges[b].touched, *ranges[a].touched))
              << "round " << round;
        }
    }
    ASSERT_LE(plan.lower_bound, plan.peak);
  }
}

TEST(PlanMemory, IsDeterministic) {
  const Plan plan = chain_plan(30);
  const Program& p = plan.sections[0].programs[0];
  const MemoryPlan a = plan_memory(p, {{"N", 8}}, {}, nullptr, plan.sections[0].bindings);
  const MemoryPlan b = plan_memory(p, {{"N", 8}}, {}, nullptr, plan.sections[0].bindings);
  EXPECT_EQ(a.offsets, b.offsets);
  EXPECT_EQ(a.peak, a.lower_bound);
}

}  // namespace
}  // namespace tenfold::test
