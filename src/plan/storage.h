// Where the bytes of a plan's values are: views, slices and in-place results resolved to the value
// that owns the storage.
#pragma once

#include "tenfold/plan.h"

namespace tenfold {

inline ValueRef buffer_ref(uint32_t index) { return {ValueRef::Kind::kBuffer, index}; }

// Bytes [offset, offset + bytes) of the storage of `root`, which is a buffer that shares nobody's
// storage, a constant or a binding.
struct Region {
  ValueRef root;
  int64_t offset = 0;
  int64_t bytes = 0;
};

// The lists that a program's references index.
struct Values {
  const Program& program;
  const std::vector<Binding>& bindings;
  const std::vector<PlanConstant>& constants;
};

// The owner of a value's storage. Error{kInvalid} when a chain is out of range, circular or too
// long.
ValueRef root_of(const Program& program, ValueRef ref);

// Bytes of one value by itself at these sizes. Error{kInvalid} for negative extents.
int64_t bytes_of(const Values& values, ValueRef ref, const SymbolValues& symbols);

// The value's place in its root's storage. Error{kInvalid} unless every link of the chain lies
// within what it shares.
Region region_of(const Values& values, ValueRef ref, const SymbolValues& symbols);

// Extents in which negative ones are an Error{kInvalid} naming `what`.
Extents checked_extents(const Shape& shape, const SymbolValues& symbols, const std::string& what);

}  // namespace tenfold
