#include "backends/cpu/access.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tenfold/diag.h"

namespace tenfold::cpu {
namespace {

// One typed run; `offsets` counts when step is -1, else offset = first + k * step.
template <typename T, typename D>
void read_run(const T* base, const int64_t* offsets, int64_t step, int64_t n, D* dst) noexcept {
  if (step == 1) {
    const T* p = base + offsets[0];
    for (int64_t k = 0; k < n; ++k) dst[k] = static_cast<D>(p[k]);
  } else if (step == 0) {
    const D v = static_cast<D>(base[offsets[0]]);
    for (int64_t k = 0; k < n; ++k) dst[k] = v;
  } else {
    for (int64_t k = 0; k < n; ++k) dst[k] = static_cast<D>(base[offsets[k]]);
  }
}

template <typename T, typename D>
void write_run(T* base, const int64_t* offsets, int64_t step, int64_t n, const D* src) noexcept {
  if (step == 1) {
    T* p = base + offsets[0];
    for (int64_t k = 0; k < n; ++k) p[k] = static_cast<T>(src[k]);
  } else {
    for (int64_t k = 0; k < n; ++k) base[offsets[k]] = static_cast<T>(src[k]);
  }
}

}  // namespace

Access::Access(const Format& format, const Extents& dims, const Extents& space)
    : dtype_(format.dtype), scale_(format.scale) {
  if (dims.size() > space.size() || space.size() > kMaxRank)
    throw Error(Code::kInvalid, "an operand of rank " + std::to_string(dims.size()) +
                                    " does not broadcast to rank " + std::to_string(space.size()));
  const Extents strides = strides_of(format, dims);
  const size_t lead = space.size() - dims.size();
  rank_ = std::max<int>(1, static_cast<int>(space.size()));
  extent_[0] = 1;
  if (space.empty()) table_[0] = {0};
  count_ = element_count(space);
  int64_t expected = 1;
  contiguous_ = format.scale == 0;
  for (int axis = static_cast<int>(space.size()) - 1; axis >= 0; --axis) {
    const int64_t extent = space[static_cast<size_t>(axis)];
    extent_[axis] = extent;
    auto& table = table_[axis];
    table.assign(static_cast<size_t>(std::max<int64_t>(extent, 1)), 0);
    const bool given = static_cast<size_t>(axis) >= lead;
    const size_t own = given ? static_cast<size_t>(axis) - lead : 0;
    if (given && dims[own] != 1 && dims[own] != extent)
      throw Error(Code::kInvalid, "extent " + std::to_string(dims[own]) +
                                      " does not broadcast to " + std::to_string(extent));
    if (given && dims[own] != 1) {
      const bool blocked = format.layout.kind == Layout::Kind::kBlocked && own == 1;
      const int64_t block = blocked ? format.layout.block : 1;
      for (int64_t k = 0; k < extent; ++k)
        table[static_cast<size_t>(k)] = k / block * strides[own] + k % block;
    }
    if (extent > 1)
      contiguous_ = contiguous_ && table[1] == expected &&
                    (extent < 3 || table.back() == expected * (extent - 1));
    expected *= extent;
  }
  const auto& last = table_[rank_ - 1];
  last_step_ = last.size() > 1 ? last[1] - last[0] : 1;
  for (size_t k = 1; k < last.size(); ++k)
    if (last[k] - last[k - 1] != last_step_) last_step_ = -1;
}

template <typename D>
static void read_any(const Access& a, DType dtype, double scale, const void* data, int64_t begin,
                     int64_t count, D* dst) noexcept {
  auto typed = [&](const auto* p) {
    a.for_runs(begin, count,
               [&](int64_t base, const int64_t* o, int64_t step, int64_t at, int64_t n) {
                 read_run(p + base, o, step, n, dst + at);
               });
  };
  switch (dtype) {
    case DType::kF32: typed(static_cast<const float*>(data)); break;
    case DType::kF64: typed(static_cast<const double*>(data)); break;
    case DType::kU8: typed(static_cast<const uint8_t*>(data)); break;
    case DType::kI8: typed(static_cast<const int8_t*>(data)); break;
    case DType::kI32: typed(static_cast<const int32_t*>(data)); break;
    case DType::kI64: typed(static_cast<const int64_t*>(data)); break;
    default:
      a.for_runs(begin, count, [&](int64_t base, const int64_t* o, int64_t, int64_t at, int64_t n) {
        for (int64_t k = 0; k < n; ++k)
          dst[at + k] = static_cast<D>(load_element(dtype, data, base + o[k]));
      });
  }
  if (scale != 0)
    for (int64_t k = 0; k < count; ++k) dst[k] = static_cast<D>(dst[k] * scale);
}

template <typename D>
static void write_any(const Access& a, DType dtype, double scale, void* data, int64_t begin,
                      int64_t count, const D* src) noexcept {
  auto typed = [&](auto* p) {
    a.for_runs(begin, count,
               [&](int64_t base, const int64_t* o, int64_t step, int64_t at, int64_t n) {
                 write_run(p + base, o, step, n, src + at);
               });
  };
  if (scale == 0 && dtype == DType::kF32) return typed(static_cast<float*>(data));
  if (scale == 0 && dtype == DType::kF64) return typed(static_cast<double*>(data));
  a.for_runs(begin, count, [&](int64_t base, const int64_t* o, int64_t, int64_t at, int64_t n) {
    for (int64_t k = 0; k < n; ++k) {
      const double v = static_cast<double>(src[at + k]);
      store_element(dtype, data, base + o[k], scale != 0 ? v / scale : v);
    }
  });
}

void Access::read(const void* data, int64_t begin, int64_t count, double* dst) const noexcept {
  read_any(*this, dtype_, scale_, data, begin, count, dst);
}
void Access::write(void* data, int64_t begin, int64_t count, const double* src) const noexcept {
  write_any(*this, dtype_, scale_, data, begin, count, src);
}
void Access::read(const void* data, int64_t begin, int64_t count, float* dst) const noexcept {
  read_any(*this, dtype_, scale_, data, begin, count, dst);
}
void Access::write(void* data, int64_t begin, int64_t count, const float* src) const noexcept {
  write_any(*this, dtype_, scale_, data, begin, count, src);
}

int64_t bytes_to_clear(const Format& format, const Extents& dims) {
  if (!format.dense() || dims.size() < 2) return 0;
  const int64_t block = format.layout.kind == Layout::Kind::kBlocked ? format.layout.block : 1;
  const int64_t unit = std::max<int64_t>(block, format.layout.pad);
  return unit <= 1 || dims[1] % unit == 0 ? 0 : storage_bytes(format, dims);
}

}  // namespace tenfold::cpu
