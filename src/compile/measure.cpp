#include "src/compile/measure.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <random>

namespace tenfold::select {
namespace {

constexpr int64_t kBlock = 1 << 16;  // distinct random values; repeated over larger operands
constexpr int64_t kRotateBytes = int64_t{256} << 20;  // operands of large batches leave the caches
constexpr int kMaxSets = 16;
constexpr double kBeaten = 1.5;  // so much slower than another way, one run is enough

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

}  // namespace

namespace {

// The first kBlock elements of an operand; made once, for every trial asks for them.
const std::vector<std::byte>& random_block(DType t, uint64_t seed) {
  static std::mutex mutex;
  static std::map<std::pair<DType, uint64_t>, std::vector<std::byte>> blocks;
  const std::lock_guard<std::mutex> lock(mutex);
  std::vector<std::byte>& bytes = blocks[{t, seed % kMaxSets}];
  if (!bytes.empty()) return bytes;
  bytes.resize(static_cast<size_t>(bytes_for(t, kBlock)));
  std::mt19937_64 rng(seed % kMaxSets);
  std::normal_distribution<double> normal(0.0, 0.5);
  std::uniform_int_distribution<int> small(0, 100);
  for (int64_t k = 0; k < kBlock; ++k)
    store_element(t, bytes.data(), k, is_float(t) ? normal(rng) : small(rng));
  return bytes;
}

}  // namespace

std::vector<std::byte> random_operand(const Operand& operand, uint64_t seed) {
  const int64_t count = storage_elements(operand.format, const_extents(operand.dims));
  const DType t = operand.format.dtype;
  const std::vector<std::byte>& block = random_block(t, seed);
  std::vector<std::byte> bytes(static_cast<size_t>(bytes_for(t, count)));
  for (size_t at = 0; at < bytes.size(); at += block.size())
    std::memcpy(bytes.data() + at, block.data(), std::min(block.size(), bytes.size() - at));
  return bytes;
}

struct Trial::Impl {
  const Row& row;
  Device& device;
  Problem bound;
  std::unique_ptr<RowState> state;
  std::unique_ptr<RowInstance> instance;
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<void*> addresses;
  std::unique_ptr<NativeStream> stream;
  std::unique_ptr<Recorder> recorder;
  int repeats = 1;

  Slot add(std::unique_ptr<Buffer> buffer) {
    addresses.push_back(buffer->data());
    buffers.push_back(std::move(buffer));
    return Slot{static_cast<uint32_t>(addresses.size() - 1), 0};
  }

  // Random values in device memory. What is large grows there: each copy doubles it.
  Slot upload(const Operand& operand, uint64_t seed) {
    const int64_t bytes = storage_bytes(operand.format, const_extents(operand.dims));
    auto buffer = device.allocate(std::max<int64_t>(bytes, 64), MemoryKind::kDevice);
    const std::vector<std::byte>& block = random_block(operand.format.dtype, seed);
    int64_t done = std::min(bytes, static_cast<int64_t>(block.size()));
    device.copy_in(buffer->data(), block.data(), done, *stream).or_throw();
    if (done < bytes) {
      auto grow = device.create_recorder(RecorderKind::kEager);
      grow->begin(1);
      grow->begin_step(0, {});
      for (; done < bytes; done += std::min(done, bytes - done))
        grow->copy({0, done}, {0, 0}, std::min(done, bytes - done));
      void* const base = buffer->data();
      grow->finish({&base, 1}).or_throw();
      grow->launch(*stream, nullptr).or_throw();
    }
    stream->synchronize().or_throw();
    return add(std::move(buffer));
  }

  Slot zeroed(int64_t bytes) {
    if (bytes <= 0) return {};
    auto buffer = device.allocate(bytes, MemoryKind::kDevice);
    device.fill(buffer->data(), 0, bytes, *stream).or_throw();
    stream->synchronize().or_throw();
    return add(std::move(buffer));
  }

  void record(int times, const std::vector<std::vector<Slot>>& in,
              const std::vector<std::vector<Slot>>& out, Slot scratch, Slot context_scratch) {
    recorder = device.create_recorder(RecorderKind::kReplay);
    recorder->begin(static_cast<uint32_t>(addresses.size()));
    for (int k = 0; k < times; ++k) {
      const uint32_t dep = static_cast<uint32_t>(k - 1);
      recorder->begin_step(static_cast<uint32_t>(k), std::span<const uint32_t>(&dep, k ? 1 : 0));
      const size_t set = static_cast<size_t>(k) % in.size();
      row.record(*recorder, Operands{in[set], out[set], scratch, context_scratch}, state.get(),
                 *instance);
    }
    repeats = times;
    recorder->finish(addresses).or_throw();
  }

  double launch() {
    const auto start = Clock::now();
    recorder->launch(*stream, nullptr).or_throw();
    stream->synchronize().or_throw();
    return seconds_since(start) / repeats;
  }
};

Trial::Trial(const Row& row, const Problem& problem, const Tactic& tactic, Device& device,
             int threads)
    : impl_(new Impl{row, device, problem.bind(problem.tuning()), {}, {}, {}, {}, {}, {}, 1}) {
  Impl& t = *impl_;
  t.stream = device.create_stream();
  std::map<int, std::vector<std::byte>> constants;
  PrepareArgs prepare{problem, tactic, nullptr, device, threads, [&](int k) -> TensorView {
                        const Operand& o = problem.inputs.at(static_cast<size_t>(k));
                        if (!o.constant) return {};
                        auto& bytes = constants[k];
                        if (bytes.empty()) bytes = random_operand(o, 77 + static_cast<uint64_t>(k));
                        return {bytes.data(), o.format.dtype, const_extents(o.dims), {}, {}};
                      }};
  t.state = row.prepare(prepare);
  t.instance = row.attach(t.state.get(), AttachArgs{t.bound, tactic, device, threads});

  int64_t bytes = 0;
  for (const auto* list : {&t.bound.inputs, &t.bound.outputs})
    for (const Operand& o : *list)
      if (!o.constant) bytes += storage_bytes(o.format, const_extents(o.dims));
  int sets = 1;
  if (bytes > (4 << 20) && !device.host_accessible())
    sets = static_cast<int>(std::clamp<int64_t>(kRotateBytes / bytes + 1, 1, kMaxSets));

  std::vector<std::vector<Slot>> in(static_cast<size_t>(sets)), out(static_cast<size_t>(sets));
  std::vector<Slot> shared(t.bound.inputs.size());
  for (size_t k = 0; k < t.bound.inputs.size(); ++k)
    if (t.bound.inputs[k].constant && !row.packs(problem, static_cast<int>(k)))
      shared[k] = t.upload(t.bound.inputs[k], k + 1);
  for (int set = 0; set < sets; ++set) {
    auto& slots = in[static_cast<size_t>(set)];
    for (size_t k = 0; k < t.bound.inputs.size(); ++k)
      slots.push_back(t.bound.inputs[k].constant
                          ? shared[k]
                          : t.upload(t.bound.inputs[k], 100 * static_cast<uint64_t>(set) + k));
    for (const Operand& o : t.bound.outputs)
      out[static_cast<size_t>(set)].push_back(t.add(
          device.allocate(std::max<int64_t>(storage_bytes(o.format, const_extents(o.dims)), 64),
                          MemoryKind::kDevice)));
  }
  const Slot scratch = t.zeroed(t.instance->needs.step_scratch);
  const Slot context = t.zeroed(t.instance->needs.context_scratch);
  t.record(device.host_accessible() ? 1 : std::max(bytes > (4 << 20) ? 16 : 50, sets), in, out,
           scratch, context);
}

Trial::~Trial() = default;

double Trial::time(double best_us) {
  Impl& t = *impl_;
  t.launch();  // warm-up: first-touch, lazy loading
  const double first = t.launch();
  const bool steady = !t.device.host_accessible();  // on a shared CPU one run may be far off
  const double budget_seconds = steady ? 0.02 : 0.05;
  if (steady && best_us > 0 && first * 1e6 > kBeaten * best_us) return first * 1e6;
  const int runs =
      static_cast<int>(std::clamp(budget_seconds / std::max(first * t.repeats, 1e-7), 3.0, 60.0));
  std::vector<double> samples{first};
  for (int k = 1; k < runs; ++k) samples.push_back(t.launch());
  // On a shared CPU the lower quartile is the steadier figure; a GPU's median is steady anyway.
  const size_t pick = samples.size() / (steady ? 2 : 4);
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(pick),
                   samples.end());
  return samples[pick] * 1e6;
}

}  // namespace tenfold::select
