#include "src/base/threads.h"
#include "src/plan/flow.h"
#include "src/runtime/engine_impl.h"

namespace tenfold {

namespace {

// What this version cannot execute is refused when the Engine is made.
void check_executable(const Engine::Impl& impl) {
  const Section& s = *impl.section;
  for (const Binding& b : s.bindings)
    if (b.type.kind != ValueKind::kTensor || b.type.dtype == DType::kString)
      throw Error(Code::kUnsupported, "binding '" + b.name + "' is " + b.type.str() +
                                          "; this version runs tensors of numbers only");
  for (const Program& p : s.programs)
    for (const Step& step : p.steps) {
      if (!impl.options.reference && step.device < s.devices.size() &&
          s.devices[step.device].kind != impl.device->target().kind)
        throw Error(Code::kUnsupported, "step '" + step.name + "' is for another device (" +
                                            s.devices[step.device].str() +
                                            "); this version runs a plan on one device");
    }
}

}  // namespace

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;

std::shared_ptr<Engine> Engine::create(Plan plan, std::shared_ptr<Device> device,
                                       const EngineOptions& options) try {
  if (device == nullptr) throw Error(Code::kInvalid, "an Engine needs a device");
  check_thread_count(options.threads);
  std::shared_ptr<Engine> engine(new Engine());
  Impl& impl = *engine->impl_;
  impl.plan = std::move(plan);
  impl.device = std::move(device);
  impl.options = options;
  impl.plan.verify();
  const Target& target = impl.device->target();
  if (options.reference && !impl.device->host_accessible())
    throw Error(Code::kInvalid, "the reference rows run on the CPU only");
  if (impl.plan.sections.empty()) throw Error(Code::kInvalid, "the plan has no section");
  impl.section = options.reference ? &impl.plan.sections.front() : &impl.plan.section_for(target);
  const std::string& made_for = impl.section->target.name;
  if (!options.reference && !made_for.empty() && !target.name.empty() && made_for != target.name)
    impl.messages.push_back("the plan was made for " + impl.section->target.kind + " " + made_for +
                            ", this machine is " + target.name +
                            ": a plan built here may be faster");
  const auto of_target = static_cast<int>(target.i("threads", hardware_threads()));
  impl.threads = std::max(options.threads > 0 ? options.threads : of_target, 1);
  if (impl.device->host_accessible()) require_threads(impl.threads);
  impl.slots.arena = static_cast<uint32_t>(impl.section->bindings.size());
  impl.slots.context_scratch = impl.slots.arena + 1;
  impl.slots.first_constant = impl.slots.arena + 2;
  impl.called = called_programs(*impl.section);
  check_executable(impl);
  choose_rows(impl);
  evaluate_constants(impl);
  prepare_steps(impl);
  place_constants(impl);
  return engine;
} catch (const std::bad_alloc&) {
  throw Error(Code::kResource, "not enough memory for an engine");
}

const Plan& Engine::plan() const { return impl_->plan; }
const Section& Engine::section() const { return *impl_->section; }
const std::shared_ptr<Device>& Engine::device() const { return impl_->device; }
const std::vector<Binding>& Engine::bindings() const { return impl_->section->bindings; }
const std::vector<std::string>& Engine::messages() const { return impl_->messages; }
int64_t Engine::constant_bytes() const { return impl_->constant_bytes; }

int Engine::binding_index(std::string_view name) const {
  const std::vector<Binding>& list = bindings();
  for (size_t k = 0; k < list.size(); ++k)
    if (list[k].name == name) return static_cast<int>(k);
  return -1;
}

}  // namespace tenfold
