// Context::run and read_tap: host tensors in and out.
#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/runtime/context_impl.h"
#include "src/runtime/flow.h"

namespace tenfold {

namespace {

// Steps a logical index to the next in row-major order.
void next_index(Extents& index, const Extents& dims) {
  for (size_t d = dims.size(); d-- > 0;) {
    if (++index[d] < dims[d]) return;
    index[d] = 0;
  }
}

// Puts the caller's addresses back when a run is over: none of them (`fit`: false) where they may
// be too small for what is bound now.
class AddressKeeper {
 public:
  AddressKeeper(std::vector<void*>& addresses, bool fit)
      : addresses_(addresses),
        kept_(fit ? addresses : std::vector<void*>(addresses.size(), nullptr)) {}
  ~AddressKeeper() { addresses_.swap(kept_); }
  AddressKeeper(const AddressKeeper&) = delete;
  AddressKeeper& operator=(const AddressKeeper&) = delete;

 private:
  std::vector<void*>& addresses_;
  std::vector<void*> kept_;
};

}  // namespace

bool is_row_major(const Format& format) {
  return format.layout.kind == Layout::Kind::kLinear && format.layout.pad == 1 &&
         format.enclosing == 0;
}

void pack(const Tensor& tensor, const Format& format, void* storage) {
  const Extents& dims = tensor.dims();
  if (is_row_major(format)) {
    std::memcpy(storage, tensor.data(), static_cast<size_t>(tensor.bytes()));
    return;
  }
  std::memset(storage, 0, static_cast<size_t>(storage_bytes(format, dims)));
  Extents index(dims.size(), 0);
  const int64_t n = tensor.count();
  for (int64_t k = 0; k < n; ++k, next_index(index, dims))
    store_element(format.dtype, storage, offset_of(format, dims, index), tensor.at(k));
}

Tensor unpack(const void* storage, const Format& format, const Extents& dims) {
  Tensor out(format.dtype, dims);
  if (is_row_major(format)) {
    std::memcpy(out.mutable_data(), storage, static_cast<size_t>(out.bytes()));
    return out;
  }
  Extents index(dims.size(), 0);
  const int64_t n = out.count();
  for (int64_t k = 0; k < n; ++k, next_index(index, dims))
    store_element(format.dtype, out.mutable_data(), k,
                  load_element(format.dtype, storage, offset_of(format, dims, index)));
  return out;
}

Tensor trimmed(const Tensor& tensor, const Extents& dims) {
  if (dims == tensor.dims()) return tensor;
  Tensor out(tensor.dtype(), dims);
  const Format whole{tensor.dtype(), Layout::linear()};
  Extents index(dims.size(), 0);
  const int64_t n = out.count();
  for (int64_t k = 0; k < n; ++k, next_index(index, dims))
    store_element(out.dtype(), out.mutable_data(), k,
                  tensor.at(offset_of(whole, tensor.dims(), index)));
  return out;
}

Extents Context::Impl::counted_dims(size_t binding) const {
  return bound->flow->counted_dims(bindings()[binding].type.shape, bound->shapes.symbols);
}

void Context::Impl::set_run_shapes(const std::map<std::string, Tensor>& inputs) {
  for (const auto& [name, tensor] : inputs) {
    const int index = engine->binding_index(name);
    if (index < 0 || !bindings()[static_cast<size_t>(index)].is_input)
      throw Error(Code::kNotFound, "there is no input '" + name + "'");
  }
  for (size_t k = 0; k < bindings().size(); ++k) {
    const Binding& b = bindings()[k];
    if (!b.is_input) continue;
    const auto found = inputs.find(b.name);
    if (found == inputs.end()) throw Error(Code::kInvalid, "input '" + b.name + "' is missing");
    if (found->second.dtype() != b.type.dtype)
      throw Error(Code::kInvalid, "input '" + b.name + "' is given as " +
                                      std::string(to_string(found->second.dtype())) + ", it is " +
                                      b.type.str());
    input_dims[k] = found->second.dims();
  }
}

// run provides the memory of bindings itself, so that counts, too.
void Context::Impl::check_run_memory() const {
  const int64_t limit = core().options.memory_limit;
  int64_t all = bound->memory_bytes();
  for (const int64_t bytes : bound->shapes.bytes) all = checked_add(all, bytes);
  if (limit > 0 && all > limit)
    throw Error(Code::kResource, "this run needs " + std::to_string(all) +
                                     " bytes of memory, the limit is " + std::to_string(limit));
}

std::map<std::string, Tensor> Context::Impl::run(const std::map<std::string, Tensor>& inputs) {
  const std::vector<Extents> dims = bound ? bound->shapes.dims : std::vector<Extents>();
  set_run_shapes(inputs);
  bind();
  check_run_memory();
  const AddressKeeper keeper(addresses, bound->shapes.dims == dims);
  const bool host = device().host_accessible();
  std::vector<Tensor>& storage = run_storage;        // each binding's bytes on the host
  storage.assign(bindings().size(), Tensor());
  for (size_t k = 0; k < bindings().size(); ++k) {
    const Binding& b = bindings()[k];
    const int64_t bytes = bound->shapes.bytes[k];
    const bool as_is = b.is_input && is_row_major(b.format) &&
                       reinterpret_cast<uintptr_t>(inputs.at(b.name).data()) % 64 == 0;
    if (as_is) {
      storage[k] = inputs.at(b.name);
    } else if (!b.is_input && bytes > 0 && is_row_major(b.format)) {
      storage[k] = Tensor(b.format.dtype, bound->shapes.dims[k]);   // what is returned
    } else {
      storage[k] = Tensor(DType::kU8, {std::max<int64_t>(bytes, 1)});
      if (b.is_input && bytes > 0) pack(inputs.at(b.name), b.format, storage[k].mutable_data());
    }
    addresses[k] = storage[k].mutable_data();
    if (host) continue;
    if (staging[k] == nullptr || staging[k]->bytes() < std::max<int64_t>(bytes, 1))
      staging[k] = device().allocate(std::max<int64_t>(bytes, 1), MemoryKind::kDevice);
    if (b.is_input && bytes > 0)
      device().copy_in(staging[k]->data(), addresses[k], bytes, own_stream()).or_throw();
    addresses[k] = staging[k]->data();
  }
  enqueue(own_stream()).or_throw();
  std::map<std::string, Tensor> outputs;
  for (size_t k = 0; k < bindings().size(); ++k)
    if (!host && !bindings()[k].is_input && bound->shapes.bytes[k] > 0)
      device()
          .copy_out(storage[k].mutable_data(), staging[k]->data(), bound->shapes.bytes[k],
                    own_stream())
          .or_throw();
  own_stream().synchronize().or_throw();
  for (size_t k = 0; k < bindings().size(); ++k)
    if (!bindings()[k].is_input)
      outputs[bindings()[k].name] =
          storage[k].dims() == bound->shapes.dims[k] && is_row_major(bindings()[k].format)
              ? storage[k]
              : unpack(storage[k].data(), bindings()[k].format, bound->shapes.dims[k]);
  if (bound->flow == nullptr) return outputs;
  for (size_t k = 0; k < bindings().size(); ++k)
    if (!bindings()[k].is_input) {
      Tensor& output = outputs[bindings()[k].name];
      output = trimmed(output, counted_dims(k));
    }
  return outputs;
}

// Runs the bound shape once more in memory where tapped values stay.
void Context::Impl::hold_taps() {
  Bound& b = *bound;
  if (!b.ran) throw Error(Code::kInvalid, "nothing has run yet");
  if (b.keeps_taps) return;
  const auto check = [&](const Bound& planned) {
    const int64_t limit = core().options.memory_limit;
    if (limit > 0 && planned.arena_bytes + b.context_bytes > limit)
      throw Error(Code::kResource, "keeping every tap needs " +
                                       std::to_string(planned.arena_bytes + b.context_bytes) +
                                       " bytes of memory, the limit is " + std::to_string(limit));
  };
  if (b.flow == nullptr) {
    Bound planned;   // a trial, so that a refusal leaves things as they are
    planned.shapes = b.shapes;
    planned.scratch = b.scratch;
    plan_bound_memory(core(), planned, true);
    check(planned);
  }
  try {
    plan_bound_memory(core(), b, true);
    check(b);
    grow_arena(b);
    b.addresses[core().slots.arena] = arena != nullptr ? arena->data() : nullptr;
    record_steps(core(), b);
    b.recorder->launch(own_stream(), nullptr).or_throw();
    own_stream().synchronize().or_throw();
  } catch (...) {
    drop_prepared();
    throw;
  }
}

Tensor Context::Impl::read_tap(std::string_view name) {
  const Bound& whole = need_bound();
  const std::vector<TapAt> taps = taps_of(core(), whole);
  const auto found =
      std::find_if(taps.begin(), taps.end(), [&](const TapAt& t) { return t.name == name; });
  if (found == taps.end()) {
    std::vector<std::string> notes;
    for (const TapAt& t : taps) notes.push_back("there is '" + t.name + "'");
    throw Error(Code::kNotFound, "the plan holds no value '" + std::string(name) + "' to read",
                std::move(notes));
  }
  const Bound& at = *found->bound;
  const Tap* const tap = found->tap;
  const Values values{core().section->programs[at.shapes.program], bindings_of(core(), at),
                      core().section->constants};
  const Binding value = value_binding(values, tap->value, tap->name, false);
  const Format& format = value.format;
  const Extents dims = eval(value.type.shape, at.shapes.symbols);
  const int64_t bytes = storage_bytes(format, dims);
  if (bytes == 0 || whole.idle) return Tensor::zeros(format.dtype, dims);
  hold_taps();
  if (at.flow != nullptr && !at.flow->reached(at.frame))
    throw Error(Code::kNotFound,
                "the run took another way, which does not compute '" + std::string(name) + "'");
  const Slot slot = slot_of(core(), at, tap->value);
  const auto* base = static_cast<const std::byte*>(whole.addresses[slot.index]);
  Tensor copy(DType::kU8, {bytes});
  device().copy_out(copy.mutable_data(), base + slot.offset, bytes, own_stream()).or_throw();
  own_stream().synchronize().or_throw();
  const Tensor read = unpack(copy.data(), format, dims);
  return at.flow == nullptr
             ? read
             : trimmed(read, at.flow->counted_dims(value.type.shape, at.shapes.symbols));
}

}  // namespace tenfold
