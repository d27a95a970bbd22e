#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <time.h>

#include "cli.h"

namespace tenfold::cli {
namespace {

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point t) {
  return std::chrono::duration<double, std::milli>(Clock::now() - t).count();
}

struct BenchOptions {
  ModelOptions model;
  DeviceOptions device;
  CompileFlags compile;
  std::string progress = "auto";
  double duration = 3, warm_up = 1;
  bool json = false, no_layers = false;
};

struct Stats {
  double min = 0, median = 0, p95 = 0, p99 = 0;
};

Stats stats_of(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const auto at = [&](double q) {
    return v[std::min(v.size() - 1, static_cast<size_t>(q * static_cast<double>(v.size())))];
  };
  return {v.front(), at(0.5), at(0.95), at(0.99)};
}

nlohmann::json to_json(const Stats& s) {
  return {{"min", s.min}, {"median", s.median}, {"p95", s.p95}, {"p99", s.p99}};
}

// Microseconds of one enqueue, medians: of this thread's CPU time and of wall time.
struct EnqueueCost {
  double cpu_us = 0, wall_us = 0;
};

struct Result {
  int64_t batch = 1;
  Stats latency;         // one run, waited for
  Stats back_to_back;    // per run when runs are queued behind each other
  EnqueueCost enqueue_idle, enqueue_queued;  // onto a stream without work; each of eight at once
  std::string recorded;
  int64_t runs = 0;
  double load_ms = 0, engine_ms = 0, first_ms = 0;
  std::vector<StepTime> layers;
};

Tensor random_input(const Binding& b, const Extents& dims, uint64_t seed) {
  Tensor t(b.type.dtype, dims);
  std::mt19937_64 rng(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> pixel(0, 255);
  for (int64_t k = 0; k < t.count(); ++k)
    store_element(b.type.dtype, t.mutable_data(), k,
                  is_float(b.type.dtype) ? normal(rng) : pixel(rng));
  return t;
}

// Inputs and outputs in device memory, bound to a context.
struct Buffers {
  std::vector<std::unique_ptr<Buffer>> held;
  std::map<std::string, Tensor> inputs;

  // Draws random values for the inputs of a context that has a shape.
  Buffers(const Engine& engine, const Context& context) {
    for (size_t k = 0; k < engine.bindings().size(); ++k)
      if (const Binding& b = engine.bindings()[k]; b.is_input)
        inputs[b.name] = random_input(b, context.shape(static_cast<int>(k)), 1234 + k);
  }

  void bind(const Engine& engine, Context& context, NativeStream& stream) {
    for (size_t k = 0; k < engine.bindings().size(); ++k) {
      const Binding& b = engine.bindings()[k];
      const int index = static_cast<int>(k);
      held.push_back(engine.device()->allocate(std::max<int64_t>(context.bytes(index), 64),
                                               MemoryKind::kDevice));
      if (b.is_input) {
        engine.device()
            ->copy_in(held.back()->data(), inputs[b.name].data(), inputs[b.name].bytes(), stream)
            .or_throw();
      }
      context.set_address(index, held.back()->data()).or_throw();
    }
    stream.synchronize().or_throw();
  }
};

// How much of warming up and measuring is done, by the time that they are to take.
class BenchProgress {
 public:
  BenchProgress(const std::string& mode, double ms) : phase_(mode, "measuring"), total_(ms) {}
  // `part` of work that takes `ms` is done; at the end of it, `end`.
  void at(double part, double ms) { tell(done_ + std::min(part, 1.0) * ms); }
  void end(double ms) { tell(done_ += ms); }

 private:
  void tell(double ms) {
    phase_.at(static_cast<int64_t>(std::min(ms, total_)), static_cast<int64_t>(std::ceil(total_)));
  }
  PhaseProgress phase_;
  double total_, done_ = 0;
};

// Calls `work`, which returns how often it was called, for `ms` and at least `least` times.
template <typename Work>
void repeat(BenchProgress& progress, double ms, size_t least, size_t most, Work&& work) {
  const auto start = Clock::now();
  for (size_t count = 0; count < least || (ms_since(start) < ms && count < most);) {
    count = work();
    const double time = ms > 0 ? ms_since(start) / ms : 1;
    progress.at(std::min(time, static_cast<double>(count) / static_cast<double>(least)), ms);
  }
  progress.end(ms);
}

void warm_up(Context& context, Stream& stream, double seconds, BenchProgress& progress) {
  size_t runs = 0;
  repeat(progress, seconds * 1e3, 1, SIZE_MAX, [&] {
    context.enqueue(stream).or_throw();
    stream.synchronize().or_throw();
    return ++runs;
  });
}

double thread_cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

// Idle: one enqueue between waits. Queued: the mean over blocks of eight between waits, a short
// queue that no driver's limit holds up. What the clocks themselves take is subtracted. On a host
// device an enqueue is the run: two make a block.
void measure_enqueue(Result& r, Context& context, Stream& stream, bool host, double seconds,
                     BenchProgress& progress) {
  std::vector<double> clocks;
  for (int k = 0; k < 200; ++k) {
    const double from = thread_cpu_us();
    clocks.push_back(thread_cpu_us() - from);
  }
  const double overhead = stats_of(clocks).median;
  const auto cost = [&](int block) {
    std::vector<double> cpu, wall;
    repeat(progress, seconds * 500, 3, 20000, [&] {
      const double before = thread_cpu_us();
      const auto t = Clock::now();
      for (int k = 0; k < block; ++k) context.enqueue(stream).or_throw();
      const double us = ms_since(t) * 1e3;
      cpu.push_back(std::max(0.0, thread_cpu_us() - before - overhead) / block);
      wall.push_back(us / block);
      stream.synchronize().or_throw();
      return cpu.size();
    });
    return EnqueueCost{stats_of(cpu).median, stats_of(wall).median};
  };
  r.enqueue_idle = cost(1);
  r.enqueue_queued = cost(host ? 2 : 8);
}

constexpr double kEnqueueShare = 0.25;  // of the seconds of measuring, on top

void measure(Result& r, Context& context, Stream& stream, bool host, double seconds,
             BenchProgress& progress) {
  std::vector<double> single, queued;
  repeat(progress, seconds * 500, 20, 100000, [&] {
    const auto t = Clock::now();
    context.enqueue(stream).or_throw();
    stream.synchronize().or_throw();
    single.push_back(ms_since(t));
    return single.size();
  });
  r.latency = stats_of(single);
  const int block =
      static_cast<int>(std::clamp(20.0 / std::max(r.latency.median, 1e-3), 1.0, 200.0));
  repeat(progress, seconds * 500, 5, 100000, [&] {
    const auto t = Clock::now();
    for (int k = 0; k < block; ++k) context.enqueue(stream).or_throw();
    stream.synchronize().or_throw();
    queued.push_back(ms_since(t) / block);
    return queued.size();
  });
  r.back_to_back = stats_of(queued);
  measure_enqueue(r, context, stream, host, seconds * kEnqueueShare, progress);
  r.recorded = context.recorded();
  r.runs = static_cast<int64_t>(single.size() + queued.size() * static_cast<size_t>(block));
}

void profile_layers(Result& r, Engine& engine) {
  const auto context = engine.create_context();
  context->set_batch(r.batch);
  context->set_profiling(true);
  context->bind();
  Stream stream = Stream::create(engine.device());
  Buffers buffers(engine, *context);
  buffers.bind(engine, *context, stream.native());
  std::vector<std::vector<double>> samples;
  for (int run = 0; run < 12; ++run) {
    context->enqueue(stream).or_throw();
    stream.synchronize().or_throw();
    if (run < 2) continue;
    r.layers = context->step_times();
    samples.resize(r.layers.size());
    for (size_t k = 0; k < r.layers.size(); ++k) samples[k].push_back(r.layers[k].us);
  }
  for (size_t k = 0; k < r.layers.size(); ++k) r.layers[k].us = stats_of(samples[k]).median;
}

nlohmann::json to_json(const EnqueueCost& c) {
  return {{"cpu_us", c.cpu_us}, {"wall_us", c.wall_us}};
}

nlohmann::json report(const BenchOptions& o, const Result& r, const Engine& engine,
                      const std::string& reason) {
  nlohmann::json doc{
      {"model", o.model.model},
      {"batch", r.batch},
      {"runs", r.runs},
      {"latency_ms", to_json(r.latency)},
      {"back_to_back_ms", to_json(r.back_to_back)},
      {"throughput", 1e3 * static_cast<double>(r.batch) / r.back_to_back.median},
      {"enqueue_us", r.enqueue_idle.cpu_us},
      {"enqueue", {{"idle", to_json(r.enqueue_idle)}, {"queued", to_json(r.enqueue_queued)}}},
      {"recorded", r.recorded},
      {"first_answer_ms",
       {{"load", r.load_ms},
        {"engine", r.engine_ms},
        {"first_run", r.first_ms},
        {"total", r.load_ms + r.engine_ms + r.first_ms}}},
      {"device",
       {{"name", engine.device()->ref().str()},
        {"machine", engine.device()->target().name},
        {"why", reason}}},
      {"messages", engine.messages()}};
  doc["layers"] = nlohmann::json::array();
  for (const StepTime& t : r.layers)
    doc["layers"].push_back({{"name", t.name}, {"row", t.row}, {"us", t.us}});
  return doc;
}

void print(const Result& r) {
  double sum = 0;
  for (const StepTime& t : r.layers) sum += t.us;
  for (const StepTime& t : r.layers)
    put("{:>10.2f} us {:>5.1f} %  {:<24} {}\n", t.us, 100 * t.us / std::max(sum, 1e-9), t.row,
        t.name);
  if (!r.layers.empty()) put("{:>10.2f} us in all, measured step by step\n\n", sum);
  put("batch {}: latency ms  min {:.4f}  median {:.4f}  p95 {:.4f}  p99 {:.4f}\n", r.batch,
      r.latency.min, r.latency.median, r.latency.p95, r.latency.p99);
  put("back to back: {:.4f} ms a batch, {:.1f} items/s; enqueue {:.2f} us of CPU time ({:.2f} us "
      "behind other runs)\n",
      r.back_to_back.median, 1e3 * static_cast<double>(r.batch) / r.back_to_back.median,
      r.enqueue_idle.cpu_us, r.enqueue_queued.cpu_us);
  put("first answer: load {:.2f} + engine {:.2f} + first run {:.2f} ms\n", r.load_ms, r.engine_ms,
      r.first_ms);
}

// The size asked for, else what the plan fixes, else 1. UsageError: no program of the plan takes
// what was asked for.
int64_t batch_to_measure(const Engine& engine, const std::vector<int64_t>& asked) {
  const int64_t batch = asked.empty() ? usual_batch(engine) : asked.front();
  int64_t largest = 0;
  bool open = false;
  for (const Program& program : engine.section().programs)
    for (const Symbol& s : program.symbols) {
      if (s.name != "N") continue;
      open = true;
      largest = std::max(largest, s.max);
      if (asked.empty() || (s.min <= batch && batch <= s.max)) return batch;
    }
  if (!open && batch == usual_batch(engine)) return batch;
  throw UsageError(open ? fmt::format("--batch {}: the plan takes at most {}", batch, largest)
                        : fmt::format("--batch {}: the plan fixes its batch size, {}", batch,
                                      usual_batch(engine)));
}

void bench(BenchOptions o) {
  std::string reason;
  const std::shared_ptr<Device> device = o.device.open_for(o.model, &reason);
  say_device(*device, reason);
  if (o.compile.batch.size() > 1) throw UsageError("bench measures one batch size at a time");
  Result r;
  const auto t0 = Clock::now();
  CompileFlags flags = o.compile;
  if (is_plan_file(o.model.model.front())) flags.batch.clear();  // asked of the engine below
  Loaded loaded = load_or_compile(o.model, *device, flags, o.device.threads, o.progress);
  r.load_ms = ms_since(t0);
  const auto t1 = Clock::now();
  const auto engine = Engine::create(std::move(loaded.plan), device,
                                     EngineOptions{o.device.threads, o.device.trust, 0});
  for (const std::string& m : engine->messages()) say("note: {}\n", m);
  r.batch = batch_to_measure(*engine, o.compile.batch);
  const auto context = engine->create_context();
  r.engine_ms = ms_since(t1);
  const auto t2 = Clock::now();
  context->set_batch(r.batch);
  context->bind();
  const auto t3 = Clock::now();
  Buffers buffers(*engine, *context);
  const double inputs_ms = ms_since(t3);
  Stream stream = Stream::create(device);
  buffers.bind(*engine, *context, stream.native());
  context->enqueue(stream).or_throw();
  stream.synchronize().or_throw();
  r.first_ms = ms_since(t2) - inputs_ms;
  {
    BenchProgress progress(o.progress, 1e3 * (o.warm_up + o.duration * (1 + kEnqueueShare)));
    warm_up(*context, stream, o.warm_up, progress);
    measure(r, *context, stream, device->host_accessible(), o.duration, progress);
  }
  if (!o.no_layers) profile_layers(r, *engine);
  if (o.json)
    print_document(report(o, r, *engine, reason));
  else
    print(r);
}

}  // namespace

Action add_bench(CLI::App& app) {
  app.description("Measure latency, throughput and time per layer");
  auto o = std::make_shared<BenchOptions>();
  o->model.add(app);
  app.add_option("--duration", o->duration, "seconds of measuring")
      ->check(number_within(0, 1e6))
      ->capture_default_str();
  app.add_option("--warm-up", o->warm_up, "seconds of warming up")
      ->check(number_within(0, 1e6))
      ->capture_default_str();
  app.add_flag("--no-layers", o->no_layers, "leave the time per layer out");
  app.add_flag("--json", o->json, "print JSON");
  o->device.add(app);
  o->compile.add(app);
  ProgressPrinter::add(app, o->progress);
  app.footer(
      "Examples:\n  tenfold bench net.plan --batch 8 --json\n  tenfold bench digits.tar.gz "
      "--device cpu --threads 2");
  return [o] { bench(*o); };
}

}  // namespace tenfold::cli
