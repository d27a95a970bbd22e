#include "engine.h"

#include <cstdlib>

#include "plugin.h"

namespace tenfold::trt {
namespace {

// Dimensions without the batch: as the builder noted them, else the plan's. A matrix counts as
// [channels, 1, 1], as this interface's networks have it.
Dims binding_dims(const Plan& plan, const Binding& binding) {
  const Shape& shape = binding.type.shape;
  if (shape.empty() || (shape[0].is_const() && shape[0] != Dim(1)))
    throw Error(Code::kUnsupported, "binding '" + binding.name + "' has no batch dimension");
  Extents dims;
  for (size_t k = 1; k < shape.size(); ++k) {
    if (!shape[k].is_const())
      throw Error(Code::kUnsupported,
                  "binding '" + binding.name + "' has dimensions that vary: [" + str(shape) + "]");
    dims.push_back(shape[k].value());
  }
  const auto noted = plan.metadata.find(kDimsKey + binding.name);
  if (noted != plan.metadata.end()) {
    const Extents said = const_extents(parse_shape(noted->second));
    if (element_count(said) != element_count(dims))  // programs allocate by them
      throw Error(Code::kInvalid, "binding '" + binding.name + "' is [" + str(shape) +
                                      "], the plan's notes say [" + noted->second + "]");
    return to_dims(said);
  }
  if (dims.size() == 1) dims.insert(dims.end(), {1, 1});
  return to_dims(dims);
}

int64_t largest_batch(const Section& section) {
  int64_t largest = 1;
  for (const Program& program : section.programs)
    for (const Symbol& s : program.symbols)
      if (s.name == "N") largest = std::max(largest, s.max);
  return largest;
}

int64_t number(const Plan& plan, const char* key, int64_t fallback) {
  const auto found = plan.metadata.find(key);
  return found == plan.metadata.end() ? fallback : std::strtoll(found->second.c_str(), nullptr, 10);
}

}  // namespace

EngineImpl::EngineImpl(Log log_, Plan plan, const std::shared_ptr<Device>& device, bool trust)
    : log(log_) {
  EngineOptions options;
  options.trust = trust;
  engine_ = tenfold::Engine::create(std::move(plan), device, options);
  for (const std::string& message : engine_->messages()) log.warn(message);
  const Plan& kept = engine_->plan();
  for (const Binding& b : engine_->bindings())
    bindings_.push_back({b.name, binding_dims(kept, b), to_data_type(b.format.dtype), b.is_input});
  const int64_t most = largest_batch(engine_->section());
  max_batch_ = static_cast<int>(std::min<int64_t>(number(kept, kMaxBatchKey, most), INT32_MAX));
  workspace_ = static_cast<std::size_t>(std::max<int64_t>(number(kept, kWorkspaceKey, 0), 0));
}

const EngineImpl::BindingInfo* EngineImpl::binding(int k) const {
  if (k >= 0 && static_cast<size_t>(k) < bindings_.size())
    return &bindings_[static_cast<size_t>(k)];
  log.error("binding " + std::to_string(k) + " of " + std::to_string(bindings_.size()));
  return nullptr;
}

int EngineImpl::getBindingIndex(const char* name) const {
  for (size_t k = 0; k < bindings_.size(); ++k)
    if (name && bindings_[k].name == name) return static_cast<int>(k);
  return -1;
}
const char* EngineImpl::getBindingName(int k) const {
  const BindingInfo* b = binding(k);
  return b ? b->name.c_str() : nullptr;
}
bool EngineImpl::bindingIsInput(int k) const {
  const BindingInfo* b = binding(k);
  return b && b->is_input;
}
Dims EngineImpl::getBindingDimensions(int k) const {
  const BindingInfo* b = binding(k);
  return b ? b->dims : Dims{};
}
DataType EngineImpl::getBindingDataType(int k) const {
  const BindingInfo* b = binding(k);
  return b ? b->type : DataType::kFLOAT;
}
bool EngineImpl::has_plugins() const {
  for (const Program& program : engine_->section().programs)
    for (const Step& step : program.steps)
      if (step.row == kPluginRow) return true;
  return false;
}

int EngineImpl::getNbLayers() const {
  const std::vector<Program>& programs = engine_->section().programs;
  return programs.empty() ? 0 : static_cast<int>(programs.front().steps.size());
}

nvinfer1::IHostMemory* EngineImpl::serialize() const {
  return guarded(
      log, "serialize", static_cast<nvinfer1::IHostMemory*>(nullptr),
      [&]() -> nvinfer1::IHostMemory* {
        return HostMemory::hand_out(std::make_shared<HostMemory>(engine_->plan().serialize()));
      });
}

nvinfer1::IExecutionContext* EngineImpl::createExecutionContext() {
  return guarded(log, "createExecutionContext", static_cast<nvinfer1::IExecutionContext*>(nullptr),
                 [&]() -> nvinfer1::IExecutionContext* {
                   return ContextImpl::hand_out(std::make_shared<ContextImpl>(shared_from_this()));
                 });
}

std::size_t EngineImpl::getDeviceMemorySize() const {
  return guarded(log, "getDeviceMemorySize", std::size_t{0}, [&] {
    const std::unique_ptr<tenfold::Context> context = engine_->create_context();
    context->set_batch(max_batch_);
    context->bind();
    return static_cast<std::size_t>(context->memory_bytes());
  });
}

}  // namespace tenfold::trt
