// Pad, Tile and nearest Resize, any element type: along each axis a table says which element of the
// input an element of the output is, or that it is the filling. The fastest axis of the output is
// cut into runs beforehand.
#include <algorithm>
#include <cstring>

#include "backends/cpu/ref/sources.h"
#include "backends/cpu/simd/host_row.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kOutside = -1;
constexpr int64_t kGrainBytes = 64 << 10;  // of one thread's share

// Input index of each output index, by axis; kOutside: the filling.
using Tables = std::vector<std::vector<int64_t>>;

class TableWork : public HostWork {
 public:
  TableWork(const Problem& p, const Tables& tables, int threads)
      : bytes_(bits_of(p.inputs[0].format.dtype) / 8), threads_(threads) {
    const Extents y = dims_of(p.outputs[0]), src = strides_of(p.inputs[0]),
                  dst = strides_of(p.outputs[0]);
    if (p.attrs.has("value"))
      store_element(p.inputs[0].format.dtype, fill_, 0, p.attrs.f("value", 0));
    size_t fastest = 0;
    for (size_t d = 1; d < y.size(); ++d)
      if (y[d] != 1 && (y[fastest] == 1 || dst[d] < dst[fastest])) fastest = d;
    for (size_t d = 0; d < y.size(); ++d) {
      if (d == fastest) continue;
      Axis a{y[d], dst[d] * bytes_, {}};
      for (int64_t at : tables[d]) a.src.push_back(at < 0 ? kOutside : at * src[d] * bytes_);
      rows_ *= y[d];
      outer_.push_back(std::move(a));
    }
    cut(tables[fastest], src[fastest], dst[fastest]);
    step_ = dst[fastest] * bytes_;
    length_ = y[fastest];
  }

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const std::byte*>(slots[0]);
    auto* y = static_cast<std::byte*>(slots[1]);
    parallel_for(
        rows_, std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(1, length_ * bytes_)),
        [&](int64_t from, int64_t to) {
          for (int64_t row = from; row < to; ++row) copy_row(x, y, row);
        },
        threads_);
  }

 private:
  struct Axis {
    int64_t extent, dst;  // bytes
    std::vector<int64_t> src;  // bytes, or kOutside
  };
  // `count` elements from `dst` on. A negative source: the filling.
  struct Run {
    int64_t src, dst, count, step;  // bytes but for count
  };

  void cut(const std::vector<int64_t>& table, int64_t src, int64_t dst) {
    for (size_t k = 0; k < table.size();) {
      size_t end = k + 1;
      const bool filling = table[k] < 0;
      const int64_t step =
          !filling && end < table.size() && table[end] >= 0 ? table[end] - table[k] : 1;
      while (end < table.size() &&
             (filling ? table[end] < 0 : table[end] >= 0 && table[end] - table[end - 1] == step))
        ++end;
      runs_.push_back({filling ? kOutside : table[k] * src * bytes_,
                       static_cast<int64_t>(k) * dst * bytes_, static_cast<int64_t>(end - k),
                       step * src * bytes_});
      k = end;
    }
  }
  void copy_row(const std::byte* x, std::byte* y, int64_t row) const noexcept {
    bool outside = false;
    for (size_t a = outer_.size(); a-- > 0;) {
      const Axis& axis = outer_[a];
      const int64_t at = row % axis.extent, from = axis.src[static_cast<size_t>(at)];
      row /= axis.extent;
      outside = outside || from < 0;
      x += from < 0 ? 0 : from;
      y += at * axis.dst;
    }
    if (outside) return put(fill_, 0, y, length_);
    for (const Run& r : runs_) {
      if (r.src < 0)
        put(fill_, 0, y + r.dst, r.count);
      else
        put(x + r.src, r.step, y + r.dst, r.count);
    }
  }
  void put(const std::byte* src, int64_t step, std::byte* dst, int64_t n) const noexcept {
    if (step == bytes_ && step_ == bytes_) {
      std::memmove(dst, src, static_cast<size_t>(n * bytes_));
      return;
    }
    switch (bytes_) {
      case 1: return each<1>(src, step, dst, n);
      case 2: return each<2>(src, step, dst, n);
      case 4: return each<4>(src, step, dst, n);
      case 8: return each<8>(src, step, dst, n);
      default: return each<16>(src, step, dst, n);
    }
  }
  template <size_t kBytes>
  void each(const std::byte* src, int64_t step, std::byte* dst, int64_t n) const noexcept {
    for (int64_t k = 0; k < n; ++k) std::memmove(dst + k * step_, src + k * step, kBytes);
  }

  int64_t bytes_, rows_ = 1, length_ = 1;
  int64_t step_ = 0;  // of the fastest axis in the output, bytes
  int threads_;
  std::byte fill_[16] = {};
  std::vector<Axis> outer_;
  std::vector<Run> runs_;
};

// The input indices of all output indices along an axis of a bound Problem.
using TableOf = std::vector<int64_t> (*)(const Problem& bound, size_t axis);

class TableRow : public HostRow {
 public:
  // `mode`: the only one that it takes, if any is named.
  TableRow(const std::string& name, const std::string& pattern, TableOf table,
           std::string mode = {})
      : HostRow(name, {pattern}, 0.04), table_(table), mode_(std::move(mode)) {}

 protected:
  Verdict check(const Problem& p) const override {
    if (p.outputs[0].dims.empty()) return Verdict::no("a scalar operand");
    if (!mode_.empty() && p.attrs.s("mode", mode_) != mode_)
      return Verdict::no("mode is not " + mode_);
    return all_of({expect_whole_bytes(p), expect_no_epilogue(p)});
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    Tables tables;
    for (size_t d = 0; d < p.outputs[0].dims.size(); ++d) tables.push_back(table_(p, d));
    return std::make_unique<TableWork>(p, tables, threads);
  }

 private:
  TableOf table_;
  std::string mode_;
};

template <typename F>
std::vector<int64_t> each_index(const Problem& p, size_t axis, F&& source) {
  std::vector<int64_t> table(static_cast<size_t>(p.outputs[0].dims[axis].value()));
  for (size_t k = 0; k < table.size(); ++k) table[k] = source(static_cast<int64_t>(k));
  return table;
}

std::vector<int64_t> padded(const Problem& p, size_t axis) {
  const std::string mode = p.attrs.s("mode", "constant");
  const int64_t extent = p.inputs[0].dims[axis].value(), before = p.attrs.ints("pads").at(axis);
  return each_index(p, axis, [&](int64_t k) { return ref::pad_source(mode, extent, before, k); });
}

std::vector<int64_t> repeated(const Problem& p, size_t axis) {
  const int64_t extent = p.inputs[0].dims[axis].value();
  return each_index(p, axis, [&](int64_t k) { return k % extent; });
}

std::vector<int64_t> nearest(const Problem& p, size_t axis) {
  if (axis < 2) return each_index(p, axis, [](int64_t k) { return k; });
  const std::vector<ref::Tap> taps = ref::resize_taps(p, axis - 2);
  return each_index(p, axis, [&](int64_t k) { return taps[static_cast<size_t>(k)].low; });
}

}  // namespace

std::unique_ptr<Row> cpu_pad() { return std::make_unique<TableRow>("cpu.pad", "Pad(x)", padded); }
std::unique_ptr<Row> cpu_tile() {
  return std::make_unique<TableRow>("cpu.tile", "Tile(x)", repeated);
}
std::unique_ptr<Row> cpu_resize_nearest() {
  return std::make_unique<TableRow>("cpu.resize_nearest", "Resize(x)", nearest, "nearest");
}

}  // namespace tenfold::cpu
