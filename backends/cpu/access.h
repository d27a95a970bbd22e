// Where an operand's elements lie, for any Format: offsets are a sum of one table entry per axis.
#pragma once

#include <algorithm>

#include "tenfold/kernel.h"

namespace tenfold::cpu {

inline constexpr int kMaxRank = 16;

// Maps a row-major walk over `space` to an operand's storage. Axes along which the operand is
// broadcast have zero offsets. Building allocates; use does not.
class Access {
 public:
  Access() = default;
  // `dims` broadcast to `space` as in numpy (aligned at the last axis). Error{kInvalid} if they do
  // not.
  Access(const Format& format, const Extents& dims, const Extents& space);

  DType dtype() const { return dtype_; }
  // The walk visits the storage element by element in order: index k lies at offset k.
  bool contiguous() const { return contiguous_; }
  int64_t count() const { return count_; }

  // Elements [begin, begin + count) of the walk, as doubles (quantized ones times their scale).
  void read(const void* data, int64_t begin, int64_t count, double* dst) const noexcept;
  // The reverse; rounds to the stored type.
  void write(void* data, int64_t begin, int64_t count, const double* src) const noexcept;
  // As read, in float; exact for f32, f16, bf16, u8, i8.
  void read(const void* data, int64_t begin, int64_t count, float* dst) const noexcept;
  void write(void* data, int64_t begin, int64_t count, const float* src) const noexcept;

  // Calls run(offset, step, begin_in_block, n) for each run along the last axis; a step of -1 says
  // that the offsets of the run are offset + last_axis()[k].
  template <typename F>
  void for_runs(int64_t begin, int64_t count, F&& run) const noexcept;

 private:
  DType dtype_ = DType::kF32;
  double scale_ = 0;
  bool contiguous_ = false;
  int rank_ = 0;
  int64_t count_ = 1;
  int64_t last_step_ = 0;  // of the last axis; -1: see table
  int64_t extent_[kMaxRank] = {};
  std::vector<int64_t> table_[kMaxRank];
};

template <typename F>
void Access::for_runs(int64_t begin, int64_t count, F&& run) const noexcept {
  if (count <= 0 || count_ == 0) return;
  int64_t index[kMaxRank] = {};
  int64_t rest = begin, base = 0;
  for (int axis = rank_ - 1; axis >= 0; --axis) {
    index[axis] = rest % extent_[axis];
    rest /= extent_[axis];
    if (axis < rank_ - 1) base += table_[axis][static_cast<size_t>(index[axis])];
  }
  const int last = rank_ - 1;
  int64_t done = 0;
  for (;;) {
    const int64_t from = index[last];
    const int64_t n = std::min(extent_[last] - from, count - done);
    const int64_t* offsets = table_[last].data() + from;
    run(base, offsets, last_step_, done, n);
    done += n;
    if (done >= count) return;
    index[last] = 0;
    for (int axis = last - 1; axis >= 0; --axis) {  // next row
      const auto* t = table_[axis].data();
      base -= t[index[axis]];
      if (++index[axis] < extent_[axis]) {
        base += t[index[axis]];
        break;
      }
      index[axis] = 0;
      base += t[0];
    }
  }
}

// Bytes to set to zero before elements are written, because the storage has padding along axis 1; 0
// when it has none (or is a slice).
int64_t bytes_to_clear(const Format& format, const Extents& dims);

// Lists the slots of all inputs, then of all outputs; returns how many fit.
inline size_t list_slots(const Operands& operands, std::span<Slot> slots) noexcept {
  size_t n = 0;
  for (const auto list : {operands.inputs, operands.outputs})
    for (Slot s : list)
      if (n < slots.size()) slots[n++] = s;
  return n;
}

}  // namespace tenfold::cpu
