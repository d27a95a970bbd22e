// Recording without a GPU: the command list, reduced dependencies and the log recorder.
#include <gtest/gtest.h>

#include "backends/cuda/commands/command_list.h"
#include "backends/cuda/driver/device.h"
#include "tests/support/cuda_problems.h"

namespace tenfold::cuda {
namespace {

TEST(CommandList, ResolvesSlotsAndPlainBytes) {
  CommandList list;
  list.begin();
  list.begin_step(0, {});
  int function = 0, value = 42;
  const KernelArg args[] = {KernelArg::ptr({1, 16}), KernelArg::value(value),
                            KernelArg::ptr({0, 0})};
  list.kernel(&function, {2, 1, 1}, {32, 1, 1}, 0, args);
  value = 7;  // the list took a copy
  char memory[64];
  void* addresses[] = {memory, memory + 8};
  ASSERT_TRUE(list.resolve(addresses).ok());
  const Command& c = list.commands().at(0);
  EXPECT_EQ(*static_cast<void**>(list.params(c)[0]), memory + 24);
  EXPECT_EQ(*static_cast<int*>(list.params(c)[1]), 42);
  EXPECT_EQ(*static_cast<void**>(list.params(c)[2]), memory);
  EXPECT_TRUE(list.changed(c));
  ASSERT_TRUE(list.resolve(addresses).ok());
  EXPECT_FALSE(list.changed(c));
  addresses[1] = memory;
  ASSERT_TRUE(list.resolve(addresses).ok());
  EXPECT_TRUE(list.changed(c));
  EXPECT_EQ(*static_cast<void**>(list.params(c)[0]), memory + 16);
  EXPECT_FALSE(list.resolve({addresses, 1}).ok());  // slot 1 is beyond the table
}

TEST(CommandList, ChainsSkipStepsWithoutCommands) {
  CommandList list;
  list.begin();
  for (const uint32_t step : {0u, 1u, 2u, 3u}) {
    list.begin_step(step, {});
    if (step != 1) list.fill({0, 0}, 0, 4);
  }
  const auto deps = chain_deps(list);
  ASSERT_EQ(deps.size(), 4u);
  EXPECT_TRUE(deps[0].empty());
  EXPECT_TRUE(deps[1].empty());
  EXPECT_EQ(deps[2], std::vector<uint32_t>{0});
  EXPECT_EQ(deps[3], std::vector<uint32_t>{2});
}

TEST(CommandList, DropsEmptyWork) {
  CommandList list;
  list.begin();
  list.begin_step(0, {});
  int function = 0;
  list.kernel(&function, {0, 1, 1}, {32, 1, 1}, 0, {});
  list.copy({0, 0}, {1, 0}, 0);
  list.fill({0, 0}, 1, 0);
  EXPECT_TRUE(list.commands().empty());
}

TEST(CommandList, ReducesDependencies) {
  CommandList list;
  list.begin();
  const auto step = [&](uint32_t s, std::vector<uint32_t> deps, bool work) {
    list.begin_step(s, deps);
    if (work) list.fill({0, 0}, 0, 4);
  };
  step(0, {}, true);
  step(1, {0}, true);
  step(2, {0, 1}, true);   // 0 is implied
  step(3, {2}, false);     // a view
  step(4, {3, 0}, true);   // stands for 2
  step(5, {1}, true);
  step(6, {4, 5}, true);   // a join
  const auto deps = reduced_deps(list);
  EXPECT_EQ(deps[1], (std::vector<uint32_t>{0}));
  EXPECT_EQ(deps[2], (std::vector<uint32_t>{1}));
  EXPECT_EQ(deps[4], (std::vector<uint32_t>{2}));
  EXPECT_EQ(deps[6], (std::vector<uint32_t>{4, 5}));
}

TEST(LogDevice, RowsRecordWithoutAGpu) {
  const Target target = Target::parse("cuda:h200");
  const auto device = open_log_device(target);
  int recorded = 0;
  for (const Problem& open : test::cuda_problems())
    for (const Row* row : test::cuda_rows()) {
      if (!row->supports(open, target)) continue;
      for (const FormatTuple& tuple : row->formats(open, target, {DType::kF32, DType::kF16})) {
        const Problem closed = close_problem(open, tuple);
        if (!row->supports(closed, target)) continue;
        EXPECT_GT(row->estimate(closed, target), 0) << row->name();
        std::vector<std::byte> zeros(1 << 22);
        const auto state =
            row->prepare({closed, row->tactics(closed, target).at(0), nullptr, *device, 1,
                          [&](int k) -> TensorView {
                            const Operand& o = closed.inputs.at(static_cast<size_t>(k));
                            return {zeros.data(), o.format.dtype, const_extents(o.dims), {}, {}};
                          }});
        for (const int64_t n : {0, 2}) {
          SymbolValues sizes;
          for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
          const Problem bound = closed.bind(sizes);
          const auto instance =
              row->attach(state.get(), {bound, row->tactics(closed, target).at(0), *device, 1});
          const auto recorder = device->create_recorder(RecorderKind::kReplay);
          const size_t ins = closed.inputs.size(), outs = closed.outputs.size();
          recorder->begin(static_cast<uint32_t>(ins + outs + 2));
          recorder->begin_step(0, {});
          std::vector<Slot> in, out;
          for (size_t k = 0; k < ins; ++k) in.push_back({static_cast<uint32_t>(k), 0});
          for (size_t k = 0; k < outs; ++k) out.push_back({static_cast<uint32_t>(ins + k), 0});
          const Slot scratch{static_cast<uint32_t>(ins + outs), 0},
              context{static_cast<uint32_t>(ins + outs + 1), 0};
          row->record(*recorder, {in, out, scratch, context}, state.get(), *instance);
          ASSERT_TRUE(recorder->finish({}).ok());
          const std::string text = recorder->text();
          const bool kernel = text.find("kernel cuda_") != std::string::npos;
          EXPECT_EQ(kernel, element_count(const_extents(bound.outputs[0].dims)) > 0)
              << closed.str() << "\n"
              << text;
          ++recorded;
        }
      }
    }
  EXPECT_GT(recorded, 100);
}

}  // namespace
}  // namespace tenfold::cuda
