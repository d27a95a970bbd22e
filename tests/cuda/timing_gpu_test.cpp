// Prints what our own kernels take on typical layers: microseconds a step inside a graph of 32 such
// steps, warm. No limits are asserted: machines differ.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <iomanip>

#include "tests/support/cuda_problems.h"
#include "tests/support/gpu_test.h"

namespace tenfold {
namespace {

constexpr uint32_t kSteps = 32;

// Storage of the inputs from one block of random values, repeated: large tensors are slow to draw.
std::vector<Tensor> quick_storage(const Problem& bound) {
  std::vector<Tensor> list;
  for (const Operand& o : bound.inputs) {
    Tensor block(o.format.dtype, {4096});
    std::mt19937 random(3);
    std::normal_distribution<double> normal(0.0, 1.0);
    for (int64_t k = 0; k < block.count(); ++k)
      store_element(o.format.dtype, block.mutable_data(), k, normal(random));
    Tensor t(o.format.dtype, {storage_elements(o.format, const_extents(o.dims))});
    for (int64_t at = 0; at < t.bytes(); at += block.bytes())
      std::memcpy(static_cast<std::byte*>(t.mutable_data()) + at, block.data(),
                  static_cast<size_t>(std::min(block.bytes(), t.bytes() - at)));
    list.push_back(std::move(t));
  }
  return list;
}

double step_us(const Row& row, const Problem& closed, int64_t n, const Tactic& tactic,
               Device& device) {
  SymbolValues sizes;
  for (const Symbol& s : closed.symbols) sizes.set(s.name, n);
  const Problem bound = closed.bind(sizes);
  const auto stream = device.create_stream();
  const auto inputs = quick_storage(bound);
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<void*> addresses;
  std::vector<Slot> in, out;
  const auto add = [&](int64_t bytes) {
    buffers.push_back(device.allocate(bytes, MemoryKind::kDevice));
    addresses.push_back(buffers.back()->data());
    return Slot{static_cast<uint32_t>(addresses.size() - 1), 0};
  };
  const auto state = row.prepare({closed, tactic, nullptr, device, 2, [&](int k) -> TensorView {
                                    const auto i = static_cast<size_t>(k);
                                    return {const_cast<void*>(inputs[i].data()),
                                            inputs[i].dtype(),
                                            const_extents(closed.inputs[i].dims),
                                            {},
                                            {}};
                                  }});
  const auto instance = row.attach(state.get(), {bound, tactic, device, 2});
  for (const Tensor& t : inputs) {
    in.push_back(add(t.bytes()));
    device.copy_in(addresses.back(), t.data(), t.bytes(), *stream).or_throw();
  }
  for (const Operand& o : bound.outputs)
    out.push_back(add(storage_bytes(o.format, const_extents(o.dims))));
  const Slot scratch = add(instance->needs.step_scratch + 1),
             context = add(instance->needs.context_scratch + 1);
  const auto recorder = device.create_recorder(RecorderKind::kReplay);
  recorder->begin(static_cast<uint32_t>(addresses.size()));
  for (uint32_t s = 0; s < kSteps; ++s) {
    const uint32_t before[] = {s - 1};
    recorder->begin_step(s, s ? std::span<const uint32_t>(before) : std::span<const uint32_t>());
    row.record(*recorder, {in, out, scratch, context}, state.get(), *instance);
  }
  stream->synchronize().or_throw();
  recorder->finish(addresses).or_throw();
  double best = 1e30;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto from = std::chrono::steady_clock::now();
    for (int k = 0; k < 4; ++k) recorder->launch(*stream, nullptr).or_throw();
    stream->synchronize().or_throw();
    const double us =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count();
    best = std::min(best, us / (4 * kSteps));
  }
  return best;
}

class GpuTimings : public test::GpuTest, public testing::WithParamInterface<test::CudaCase> {};

TEST_P(GpuTimings, OfTypicalLayers) {
  const Problem open = Problem::parse(GetParam().text);
  std::cout << target().name << ", us a step at N=1 and N=32, estimate in brackets\n" << std::fixed;
  for (const Row* row : test::cuda_rows()) {
    if (!row->supports(open, target()) || row->name().find("naive") != std::string_view::npos ||
        row->name().find("direct") != std::string_view::npos)
      continue;
    for (const FormatTuple& tuple :
         row->formats(open, target(), {DType::kF32, DType::kF16, DType::kTF32})) {
      const Problem closed = close_problem(open, tuple);
      if (!row->supports(closed, target())) continue;
      std::cout << row->name() << " " << open.op << open.inputs[0].str() << " "
                << tuple.inputs[0].str() << " -> " << tuple.outputs[0].str() << " "
                << to_string(tuple.compute) << " (" << std::setprecision(1)
                << row->estimate(closed, target()) << "):";
      std::vector<Tactic> tactics = row->tactics(closed, target());
      if (tactics.size() > 3) tactics.resize(3);
      for (const Tactic& tactic : tactics) {
        const double one = step_us(*row, closed, 1, tactic, *device_);
        const double many = step_us(*row, closed, 32, tactic, *device_);
        EXPECT_GT(one, 0);
        std::cout << "  [" << tactic << "] " << std::setprecision(2) << one << " / " << many;
      }
      std::cout << std::endl;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, GpuTimings, testing::ValuesIn(test::read_cases("timing.case")),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tenfold
