// Which concatenations and splits can be a matter of slices at all.
#pragma once

#include "src/compile/select.h"

namespace tenfold::select {

// Whether the channels from `offset` on of a value of these dims begin where rows expect a slice
// to begin (Row::writes_slices).
bool slice_aligned(const Format& whole, const Shape& dims, int64_t offset);

// Why the parts of a Concat, or of a Split or Slice, cannot lie in the whole's buffer; empty if
// they can. `slices` are the values that lie in another buffer already.
std::string cannot_join(const Graph& graph, const Group& group);
std::string cannot_split(const Graph& graph, const Group& group,
                         const std::map<ValueId, Slice>& slices);

// Where output `k` of a Split or Slice begins in the whole.
int64_t first_channel(const Graph& graph, const Group& group, size_t k);

}  // namespace tenfold::select
