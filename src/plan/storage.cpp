#include "src/plan/storage.h"

#include "src/base/checked.h"
#include "src/plan/verify.h"

namespace tenfold {

namespace {
constexpr int kMaxChain = 64;

const PlanBuffer& buffer_at(const Program& program, uint32_t index) {
  if (index >= program.buffers.size()) bad("buffer " + std::to_string(index) + " does not exist");
  return program.buffers[index];
}

// What the buffer shares storage with; kNone: nothing.
ValueRef link_of(const PlanBuffer& buffer) {
  if (buffer.inside >= 0) return buffer_ref(static_cast<uint32_t>(buffer.inside));
  return buffer.same_as;
}

// Byte offset of a slice in the buffer that it is a part of.
int64_t slice_offset(const PlanBuffer& slice, const PlanBuffer& whole,
                     const SymbolValues& symbols) {
  const int64_t channel = slice.axis1_offset.eval(symbols);
  if (channel < 0) bad("buffer '" + slice.name + "' begins before the one it is a slice of");
  const Extents dims = checked_extents(whole.dims, symbols, whole.name);
  if (dims.size() < 2) bad("buffer '" + slice.name + "' is a slice of one without channels");
  const Layout& layout = whole.format.layout;
  int64_t units = channel;
  if (layout.kind == Layout::Kind::kBlocked) {
    if (layout.block <= 0 || channel % layout.block != 0)
      bad("buffer '" + slice.name + "' does not begin at a channel block");
    units = channel / layout.block;
  }
  const int64_t bits = checked_mul(checked_mul(units, strides_of(whole.format, dims)[1]),
                                   bits_of(whole.format.dtype));
  // Rows read and write slices in pieces of 16 bytes (kernel.h, Row::writes_slices).
  if (bits % 128 != 0) bad("buffer '" + slice.name + "' does not begin at a multiple of 16 bytes");
  return bits / 8;
}
}  // namespace

Extents checked_extents(const Shape& shape, const SymbolValues& symbols, const std::string& what) {
  Extents dims = eval(shape, symbols);
  for (const int64_t d : dims)
    if (d < 0) bad("'" + what + "' has a negative extent at this size: " + str(to_shape(dims)));
  return dims;
}

ValueRef root_of(const Program& program, ValueRef ref) {
  for (int hops = 0; hops < kMaxChain; ++hops) {
    if (ref.kind != ValueRef::Kind::kBuffer) return ref;
    const ValueRef next = link_of(buffer_at(program, ref.index));
    if (next.kind == ValueRef::Kind::kNone) return ref;
    ref = next;
  }
  bad("buffer " + std::to_string(ref.index) +
      " shares storage in a circle or over too many others");
}

int64_t bytes_of(const Values& values, ValueRef ref, const SymbolValues& symbols) {
  switch (ref.kind) {
    case ValueRef::Kind::kNone: return 0;
    case ValueRef::Kind::kBuffer: {
      const PlanBuffer& b = buffer_at(values.program, ref.index);
      return storage_bytes(b.format, checked_extents(b.dims, symbols, b.name));
    }
    case ValueRef::Kind::kConstant: {
      if (ref.index >= values.constants.size())
        bad("constant " + std::to_string(ref.index) + " does not exist");
      const PlanConstant& c = values.constants[ref.index];
      return storage_bytes(c.format, c.dims);
    }
    case ValueRef::Kind::kBinding: {
      if (ref.index >= values.bindings.size())
        bad("binding " + std::to_string(ref.index) + " does not exist");
      const Binding& b = values.bindings[ref.index];
      return storage_bytes(b.format, checked_extents(b.type.shape, symbols, b.name));
    }
  }
  bad("a reference is of an unknown kind");
}

Region region_of(const Values& values, ValueRef ref, const SymbolValues& symbols) {
  Region region{ref, 0, bytes_of(values, ref, symbols)};
  for (int hops = 0; hops < kMaxChain; ++hops) {
    if (region.root.kind != ValueRef::Kind::kBuffer) return region;
    const PlanBuffer& buffer = buffer_at(values.program, region.root.index);
    const ValueRef next = link_of(buffer);
    if (next.kind == ValueRef::Kind::kNone) return region;
    if (buffer.inside >= 0 && region.bytes > 0)
      region.offset = checked_add(
          region.offset, slice_offset(buffer, buffer_at(values.program, next.index), symbols));
    if (checked_add(region.offset, region.bytes) > bytes_of(values, next, symbols))
      bad("buffer '" + buffer.name + "' is larger than what it shares storage with");
    region.root = next;
  }
  bad("buffer " + std::to_string(ref.index) +
      " shares storage in a circle or over too many others");
}

}  // namespace tenfold
