// Fuzz target: any bytes as a plan file. Checksums are made right first, so that what lies behind
// them is reached; what loads is described, saved, made an Engine of and run on small sizes.
//   fuzz_plan CORPUS                          TENFOLD_FUZZ_SEEDS=DIR fuzz_plan    (writes seeds,
//   ends)
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

#include "tenfold/engine.h"
// Helpers are compiled in: fuzz targets link no test library.
#include "tests/plan/reseal_support.cpp"
#include "tests/support/flow_plans.cpp"
#include "tests/support/random_plan.cpp"
#include "tests/support/sample_plans.cpp"

namespace {

using namespace tenfold;

constexpr size_t kMaxBytes = 1 << 16;
constexpr int64_t kMemory = 32 << 20;
constexpr double kMaxWork = 1e6;   // flops and bytes of one step

bool is_small(const Problem& problem, const SymbolValues& symbols) {
  const Cost cost = cost_of(problem, symbols);
  return cost.flops < kMaxWork && cost.bytes < kMaxWork;
}

// Sizes that do not run out of the fuzzer's time.
bool is_small(const Section& section, const SymbolValues& symbols) {
  for (const PlanConstant& c : section.constants)
    if (c.is_recipe && !is_small(c.recipe, {})) return false;
  for (const Program& p : section.programs) {
    for (const Symbol& s : p.symbols)
      if (symbols.find(s.name) == nullptr) return false;
    for (const Step& s : p.steps)
      if (!s.problem.op.empty() && !is_small(s.problem, symbols)) return false;
  }
  return true;
}

// Cancels a run that takes longer than a fuzzer should wait.
class StopSoon {
 public:
  explicit StopSoon(Context& context)
      : watch_([this, &context] {
          std::unique_lock<std::mutex> lock(mutex_);
          if (!done_.wait_for(lock, std::chrono::milliseconds(200), [this] { return ended_; }))
            context.cancel();
        }) {}
  ~StopSoon() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    done_.notify_one();
    watch_.join();
  }
  StopSoon(const StopSoon&) = delete;
  StopSoon& operator=(const StopSoon&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool ended_ = false;
  std::thread watch_;
};

void run(Context& context, const Section& section, const SymbolValues& symbols) {
  std::map<std::string, Tensor> inputs;
  for (const Binding& b : section.bindings) {
    if (!b.is_input) continue;
    const Extents dims = eval(b.type.shape, symbols);
    if (element_count(dims) > 1 << 16) return;
    inputs[b.name] = Tensor::zeros(b.type.dtype, dims);
  }
  {
    const StopSoon stop(context);   // loops may be long
    context.run(inputs);
  }
  for (const std::string& tap : context.taps()) context.read_tap(tap);
}

void use(const Plan& plan) {
  plan.describe(true);
  plan.describe_json();
  Plan::diff(plan, plan);
  plan.serialize();
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  const Section& section = plan.section_for(device->target());
  for (const int64_t size : {0, 1, 3}) {
    SymbolValues symbols;
    for (const Program& p : section.programs)
      for (const Symbol& s : p.symbols) symbols.set(s.name, size);
    if (!is_small(section, symbols)) return;
    EngineOptions options;
    options.threads = 1;
    options.memory_limit = kMemory;
    const auto engine = Engine::create(plan, device, options);
    run(*engine->create_context(), engine->section(), symbols);
  }
}

void write_seeds(const std::string& folder) {
  using namespace tenfold::test;
  const auto write = [&](const std::string& name, const Plan& plan) {
    const std::vector<std::byte> bytes = plan.serialize();
    std::ofstream(folder + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  };
  write("small", small_plan());
  write("guarded", guarded_plan());
  write("chain", chain_plan(4));
  write("branch", branch_plan());
  write("loop", loop_plan());
  write("count", count_plan());
  for (uint64_t seed = 1; seed <= 8; ++seed)
    write("random" + std::to_string(seed), random_plan(seed));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* folder = std::getenv("TENFOLD_FUZZ_SEEDS")) {
    write_seeds(folder);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kMaxBytes) return 0;
  const auto* first = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(first, first + size);
  tenfold::test::reseal(bytes);
  try {
    use(Plan::deserialize(bytes, {true}));
  } catch (const Error& e) {
    if (e.code() == Code::kInternal) std::abort();
  }
  return 0;
}
