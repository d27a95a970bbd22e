#include "engine.h"
#include "platform.h"
#include "plugin.h"

namespace tenfold::trt {

ContextImpl::ContextImpl(std::shared_ptr<EngineImpl> engine) : engine_(std::move(engine)) {
  plain_.context = engine_->engine().create_context();
}
ContextImpl::~ContextImpl() { in_flight_.wait(); }  // its memory goes now

// A program may give up its plugins once context and engine are gone; other work keeps what it
// uses.
void ContextImpl::destroy() {
  if (engine_->has_plugins()) platform::drain();
  give_back();
}

bool ContextImpl::check(const char* what, int batch, void* const* bindings) const {
  const Log& log = engine_->log;
  const std::string name(what);
  if (batch < 1 || batch > engine_->getMaxBatchSize()) {
    log.error(name + ": batch size " + std::to_string(batch) + ", 1 to " +
              std::to_string(engine_->getMaxBatchSize()) + " allowed");
    return false;
  }
  for (int k = 0; k < engine_->getNbBindings(); ++k) {
    if (bindings && bindings[k]) continue;
    log.error(name + ": binding '" + engine_->getBindingName(k) + "' has no address");
    return false;
  }
  return true;
}

bool ContextImpl::run(Running& running, int batch, const std::vector<void*>& bindings,
                      Stream& stream, bool wait) {
  return guarded(engine_->log, "execution", false, [&] {
    const NetworkRun here;
    if (running.batch != batch) {
      in_flight_.wait();  // binding may move what earlier runs use
      running.batch = 0;
      running.context->set_batch(batch);
      running.context->bind();
      running.batch = batch;
    }
    for (size_t k = 0; k < bindings.size(); ++k)
      running.context->set_address(static_cast<int>(k), bindings[k]).or_throw();
    running.context->enqueue(stream).or_throw();
    if (wait) stream.synchronize().or_throw();
    return true;
  });
}

bool ContextImpl::execute(int batch, void** bindings) {
  if (!check("execute", batch, bindings)) return false;
  const std::vector<void*> addresses(bindings, bindings + engine_->getNbBindings());
  std::lock_guard<std::mutex> lock(mutex_);
  return guarded(engine_->log, "execute", false, [&] {
    if (!own_stream_)
      own_stream_ = std::make_unique<Stream>(Stream::create(engine_->engine().device()));
    if (!profiler_) return run(plain_, batch, addresses, *own_stream_, true);
    if (!profiled_.context) {
      profiled_.context = engine_->engine().create_context();
      profiled_.context->set_profiling(true);
    }
    if (!run(profiled_, batch, addresses, *own_stream_, true)) return false;
    report_times();
    return true;
  });
}

void ContextImpl::report_times() {
  for (const StepTime& time : profiled_.context->step_times())
    profiler_->reportLayerTime(time.name.c_str(), static_cast<float>(time.us / 1000));
}

bool ContextImpl::enqueue(int batch, void** bindings, cudaStream_t stream, cudaEvent_t* consumed) {
  if (!check("enqueue", batch, bindings)) return false;
  return guarded(engine_->log, "enqueue", false, [&] {
    const std::vector<void*> addresses(bindings, bindings + engine_->getNbBindings());
    const std::shared_ptr<Device> device = engine_->engine().device();
    const bool wait = device->host_accessible() || debug_sync_;
    const std::shared_ptr<ContextImpl> self = shared_from_this();
    return platform::enqueue(engine_->log, device, stream, consumed,
                             [self, batch, addresses, wait, stream](Stream& s) {
                               std::lock_guard<std::mutex> lock(self->mutex_);
                               const bool ran = self->run(self->plain_, batch, addresses, s, wait);
                               if (!wait) self->in_flight_.mark(stream);
                               return ran;
                             });
  });
}

}  // namespace tenfold::trt
