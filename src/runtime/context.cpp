// Context's public calls: they guard against a second thread and hand on.
#include <algorithm>

#include "src/runtime/context_impl.h"
#include "src/runtime/flow.h"

namespace tenfold {
namespace {

constexpr uintptr_t kDeviceAlignment = 16;  // of the widest access of a device's kernels

}  // namespace

void BusyGuard::or_throw() const {
  if (!ok_) refusal().or_throw();
}

std::unique_ptr<Context> Engine::create_context() {
  std::unique_ptr<Context> context(new Context());
  Context::Impl& impl = *context->impl_;
  impl.engine = shared_from_this();
  const size_t n = bindings().size();
  impl.input_dims.resize(n);
  impl.addresses.resize(n, nullptr);
  impl.staging.resize(n);
  return context;
}

Context::Context() : impl_(std::make_unique<Impl>()) {}
Context::~Context() = default;
const Engine& Context::engine() const { return *impl_->engine; }

void Context::set_shape(std::string_view input, const Extents& dims) {
  const BusyGuard guard(impl_->busy);
  guard.or_throw();
  const int index = impl_->engine->binding_index(input);
  if (index < 0 || !impl_->bindings()[static_cast<size_t>(index)].is_input) {
    std::vector<std::string> names;
    for (const Binding& b : impl_->bindings())
      if (b.is_input) names.push_back(b.name);
    const std::string near = nearest_name(input, names);
    std::vector<std::string> notes;
    for (const std::string& name : names) notes.push_back("there is '" + name + "'");
    throw Error(Code::kNotFound,
                "there is no input '" + std::string(input) + "'" +
                    (near.empty() ? "" : "; did you mean '" + near + "'?"),
                std::move(notes));
  }
  impl_->input_dims[static_cast<size_t>(index)] = dims;
}

void Context::set_batch(int64_t n) {
  const BusyGuard guard(impl_->busy);
  guard.or_throw();
  bool open = false;  // an input's shape has N
  for (size_t k = 0; k < impl_->bindings().size(); ++k) {
    const Binding& b = impl_->bindings()[k];
    if (!b.is_input) continue;
    std::optional<Extents>& dims = impl_->input_dims[k];
    const Shape& shape = b.type.shape;
    if (!dims.has_value() || dims->size() != shape.size()) dims = Extents(shape.size(), -1);
    for (size_t d = 0; d < shape.size(); ++d) {
      const Dim with = shape[d].substitute("N", Dim(n));
      if (with.is_const()) (*dims)[d] = with.value();
      open |= !(with == shape[d]);
    }
  }
  if (open) return;
  for (const Binding& b : impl_->bindings())
    if (b.is_input && !b.type.shape.empty() && b.type.shape[0].is_const() &&
        b.type.shape[0].value() != n)
      throw Error(Code::kInvalid,
                  "input '" + b.name + "' has a fixed batch: it is " + b.type.str());
}

void Context::bind() {
  const BusyGuard guard(impl_->busy);
  guard.or_throw();
  impl_->bind();
}

Extents Context::shape(int binding) const {
  impl_->check_binding(binding);
  const Bound& bound = impl_->need_bound();
  // Once a run has ended, the sizes that it counted.
  if (bound.flow != nullptr && bound.ran) return impl_->counted_dims(static_cast<size_t>(binding));
  return bound.shapes.dims[static_cast<size_t>(binding)];
}

int64_t Context::bytes(int binding) const {
  impl_->check_binding(binding);
  return impl_->need_bound().shapes.bytes[static_cast<size_t>(binding)];
}

int64_t Context::memory_bytes() const { return impl_->need_bound().memory_bytes(); }

Status Context::set_address(int binding, void* address) noexcept {
  const BusyGuard guard(impl_->busy);
  if (!guard.ok()) return BusyGuard::refusal();
  if (binding < 0 || static_cast<size_t>(binding) >= impl_->addresses.size())
    return {Code::kNotFound, "there is no such binding", binding};
  if (!impl_->device().host_accessible() &&
      reinterpret_cast<uintptr_t>(address) % kDeviceAlignment != 0)
    return {Code::kInvalid, "a binding's address is no multiple of 16 bytes", binding};
  impl_->addresses[static_cast<size_t>(binding)] = address;
  return {};
}

Status Context::enqueue(Stream& stream) noexcept {
  const BusyGuard guard(impl_->busy);
  return guard.ok() ? impl_->enqueue(stream.native()) : BusyGuard::refusal();
}

std::map<std::string, Tensor> Context::run(const std::map<std::string, Tensor>& inputs) {
  const BusyGuard guard(impl_->busy);
  guard.or_throw();
  return impl_->run(inputs);
}

void Context::set_profiling(bool on) { impl_->profiling = on; }
void Context::set_recorder(RecorderKind kind) { impl_->recorder = kind; }
void Context::cancel() noexcept { impl_->cancelled.store(true, std::memory_order_relaxed); }

std::vector<StepTime> Context::step_times() const {
  const Bound& bound = impl_->need_bound();
  std::vector<StepTime> times;
  if (bound.recorder == nullptr) return times;
  if (bound.flow != nullptr)
    return bound.kind == RecorderKind::kTimer ? bound.flow->times() : times;
  const std::vector<double> us = bound.recorder->step_us();
  const auto& steps = impl_->core().section->programs[bound.shapes.program].steps;
  const auto& prepared = impl_->core().programs[bound.shapes.program];
  for (size_t k = 0; k < std::min(us.size(), steps.size()); ++k)
    times.push_back({steps[k].name, std::string(prepared[k].row->name()), us[k]});
  return times;
}

std::vector<std::string> Context::taps() const {
  std::vector<std::string> names;
  for (TapAt& t : taps_of(impl_->core(), impl_->need_bound())) names.push_back(std::move(t.name));
  return names;
}

Tensor Context::read_tap(std::string_view name) {
  const BusyGuard guard(impl_->busy);
  guard.or_throw();
  return impl_->read_tap(name);
}

std::string Context::recorded() const {
  const Bound& bound = impl_->need_bound();
  return bound.recorder == nullptr ? std::string() : bound.recorder->text();
}

}  // namespace tenfold
