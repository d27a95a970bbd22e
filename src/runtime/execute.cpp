// Context: preparing a shape (bind) and running it (enqueue).
#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "src/base/threads.h"
#include "src/runtime/context_impl.h"

namespace tenfold {

namespace {
constexpr size_t kMaxPrepared = 8;
}

NativeStream& Context::Impl::own_stream() {
  if (stream == nullptr) stream = device().create_stream();
  return *stream;
}

const Bound& Context::Impl::need_bound() const {
  if (bound == nullptr) throw Error(Code::kInvalid, "no shape is bound: call bind() first");
  return *bound;
}

void Context::Impl::check_binding(int index) const {
  if (index < 0 || static_cast<size_t>(index) >= addresses.size())
    throw Error(Code::kNotFound, "there is no binding " + std::to_string(index));
}

Bound* Context::Impl::find_prepared(const ShapeSolution& shapes, RecorderKind kind) {
  for (const std::unique_ptr<Bound>& b : prepared)
    if (b->kind == kind && b->shapes == shapes) return b.get();
  return nullptr;
}

void Context::Impl::drop_prepared() {
  bound = nullptr;
  prepared.clear();
  arena.reset();
}

// Keeps the LRU and the memory limit; throws when even `next` alone is too large.
void Context::Impl::make_room(const Bound& next) {
  while (prepared.size() >= kMaxPrepared)
    prepared.erase(
        std::min_element(prepared.begin(), prepared.end(),
                         [](const auto& a, const auto& b) { return a->last_use < b->last_use; }));
  const int64_t limit = core().options.memory_limit;
  if (limit <= 0) return;
  if (checked_add(next.arena_bytes, next.context_bytes) > limit)
    throw Error(Code::kResource, "this shape needs " + std::to_string(next.memory_bytes()) +
                                     " bytes of memory, the limit is " + std::to_string(limit));
  int64_t all = std::max(arena != nullptr ? arena->bytes() : 0, next.arena_bytes);
  for (const std::unique_ptr<Bound>& b : prepared) all = checked_add(all, b->context_bytes);
  if (checked_add(all, next.context_bytes) > limit) drop_prepared();
}

// One arena is shared by all prepared shapes, as large as the largest needs.
void Context::Impl::grow_arena(Bound& next) {
  if (next.arena_bytes > (arena != nullptr ? arena->bytes() : 0)) {
    arena.reset();
    try {
      arena = device().allocate(next.arena_bytes, MemoryKind::kDevice);
    } catch (...) {
      drop_prepared();
      throw;
    }
  }
}

// The arena and zeroed scratch.
void Context::Impl::give_memory(Bound& next) {
  const SlotTable& slots = core().slots;
  grow_arena(next);
  if (next.context_bytes > 0) {
    next.context_scratch = device().allocate(next.context_bytes, MemoryKind::kDevice);
    device().fill(next.context_scratch->data(), 0, next.context_bytes, own_stream()).or_throw();
    own_stream().synchronize().or_throw();
  }
  next.addresses.assign(slots.count, nullptr);
  next.addresses[slots.arena] = arena != nullptr ? arena->data() : nullptr;
  next.addresses[slots.context_scratch] =
      next.context_scratch != nullptr ? next.context_scratch->data() : nullptr;
  std::copy(core().constant_addresses.begin(), core().constant_addresses.end(),
            next.addresses.begin() + slots.first_constant);
}

void Context::Impl::bind() {
  bound = nullptr;
  const RecorderKind kind = profiling ? RecorderKind::kTimer : recorder;
  for (size_t k = 0; k < input_dims.size(); ++k)
    if (input_dims[k].has_value() &&
        std::count(input_dims[k]->begin(), input_dims[k]->end(), -1) > 0)
      throw Error(Code::kInvalid, "the shape of input '" + bindings()[k].name +
                                      "' is not set: it is " + bindings()[k].type.str());
  ShapeSolution shapes = solve_shapes(*core().section, core().called, input_dims);
  Bound* found = find_prepared(shapes, kind);
  if (found == nullptr) {
    std::unique_ptr<Bound> next = attach_steps(core(), std::move(shapes), kind);
    make_room(*next);
    if (!next->idle) {
      give_memory(*next);
      // A GPU's recorder may run steps once before it captures them: bindings need memory by then.
      std::vector<std::unique_ptr<Buffer>> stand_ins;
      if (!device().host_accessible())
        for (size_t k = 0; k < bindings().size(); ++k) {
          stand_ins.push_back(
              device().allocate(std::max<int64_t>(next->shapes.bytes[k], 1), MemoryKind::kDevice));
          next->addresses[k] = stand_ins.back()->data();
        }
      record_steps(core(), *next);
    }
    prepared.push_back(std::move(next));
    found = prepared.back().get();
  }
  found->last_use = ++clock;
  found->ran = false;  // since then others may have used the arena, and the addresses may be gone
  bound = found;
}

// Tells the recorder what moved since it last ran: the caller's addresses, or a larger arena.
Status Context::Impl::update_addresses() noexcept {
  for (size_t k = 0; k < addresses.size(); ++k) {
    if (addresses[k] == nullptr && bound->shapes.bytes[k] != 0)
      return {Code::kInvalid, "a binding has no address", static_cast<int64_t>(k)};
    bound->stale |= bound->addresses[k] != addresses[k];
    bound->addresses[k] = addresses[k];
  }
  void*& known_arena = bound->addresses[core().slots.arena];
  void* const own_arena = arena != nullptr ? arena->data() : nullptr;
  bound->stale |= known_arena != own_arena;
  known_arena = own_arena;
  if (!bound->stale) return {};
  const Status status = bound->recorder->rebind(bound->addresses);
  bound->stale = !status.ok();
  return status;
}

Status Context::Impl::enqueue(NativeStream& on) noexcept {
  if (bound == nullptr) return {Code::kInvalid, "no shape is bound: call bind() first"};
  if (bound->idle)
    return cancelled.exchange(false) ? Status(Code::kCancelled, "cancelled") : Status();
  if (const Status status = update_addresses(); !status.ok()) return status;
  if (!bound->ran && device().host_accessible()) spread_threads(core().threads);
  const Status status = bound->recorder->launch(on, &cancelled);
  bound->ran = true;
  if (cancelled.load(std::memory_order_relaxed)) {
    cancelled.store(false, std::memory_order_relaxed);
    return status.ok() ? Status(Code::kCancelled, "cancelled") : status;
  }
  return status;
}

}  // namespace tenfold
