// Ops that move elements by affine strides, any element type: Concat, Slice and Split; Transpose,
// DepthToSpace and SpaceToDepth; Convert between layouts; Reshape and its kin where no view will
// do. Layouts may differ from operand to operand.
#include <algorithm>

#include "backends/cpu/simd/host_row.h"
#include "backends/cpu/simd/strided.h"
#include "src/base/checked.h"

namespace tenfold::cpu {
namespace {

// Copies between a part of an input and a part of an output, one after the other.
class CopyWork : public HostWork {
 public:
  CopyWork(size_t inputs, int threads) : inputs_(inputs), threads_(threads) {}

  // Offsets count elements.
  void add(size_t input, int64_t src, size_t output, int64_t dst, StridedCopy copy, int64_t bytes) {
    if (copy.elements() > 0)
      pieces_.push_back({input, output, src * bytes, dst * bytes, std::move(copy)});
  }
  void run(void* const* slots) noexcept override {
    for (const Piece& p : pieces_)
      p.copy.run(static_cast<const std::byte*>(slots[p.input]) + p.src,
                 static_cast<std::byte*>(slots[inputs_ + p.output]) + p.dst, threads_);
  }

 private:
  struct Piece {
    size_t input, output;
    int64_t src, dst;  // bytes
    StridedCopy copy;
  };
  size_t inputs_;
  int threads_;
  std::vector<Piece> pieces_;
};

int64_t bytes_of(const Operand& o) { return bits_of(o.format.dtype) / 8; }

class CopyRow : public HostRow {
 public:
  CopyRow(std::string name, std::vector<std::string> patterns)
      : HostRow(std::move(name), std::move(patterns), 0.05) {}

 protected:
  Verdict check(const Problem& p) const override {
    return all_of({expect_whole_bytes(p), expect_no_epilogue(p)});
  }
};

// Concat and Split: one side is whole, the other its pieces along the axis, one after the other.
class PiecesRow : public CopyRow {
 public:
  using CopyRow::CopyRow;

 protected:
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    const bool gather = p.op == "Concat";
    const Operand& whole = gather ? p.outputs[0] : p.inputs[0];
    const auto& parts = gather ? p.inputs : p.outputs;
    const Extents all = dims_of(whole), pitch = strides_of(whole);
    const int axis = normal_axis(p.attrs.i("axis", 0), all.size());
    auto work = std::make_unique<CopyWork>(p.inputs.size(), threads);
    int64_t at = 0;
    for (size_t k = 0; k < parts.size(); ++k) {
      const Extents dims = dims_of(parts[k]), own = strides_of(parts[k]);
      const auto a = static_cast<size_t>(axis);
      const int64_t begin = at * pitch[a], bytes = bytes_of(whole);
      if (gather)
        work->add(k, 0, 0, begin, StridedCopy(dims, own, pitch, bytes), bytes);
      else
        work->add(0, begin, k, 0, StridedCopy(dims, pitch, own, bytes), bytes);
      at += dims[a];
    }
    if (at != all[static_cast<size_t>(axis)])
      throw Error(Code::kInvalid, p.op + ": extents along the axis do not add up");
    return work;
  }
};

class SliceRow : public CopyRow {
 public:
  SliceRow() : CopyRow("cpu.slice", {"Slice(x)"}) {}

 protected:
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    const Extents x = dims_of(p.inputs[0]), y = dims_of(p.outputs[0]);
    Extents src = strides_of(p.inputs[0]);
    const auto starts = p.attrs.ints("starts"), axes = p.attrs.ints("axes"),
               steps = p.attrs.ints("steps");
    int64_t begin = 0;
    std::vector<bool> cut(x.size(), false);
    for (size_t k = 0; k < starts.size(); ++k) {
      const auto d = axes.empty() ? k : static_cast<size_t>(normal_axis(axes[k], x.size()));
      const int64_t step = k < steps.size() ? steps[k] : 1;
      const int64_t at = starts[k] < 0 ? starts[k] + x[d] : starts[k];
      const int64_t first =
          std::clamp<int64_t>(at, 0, step < 0 ? std::max<int64_t>(x[d] - 1, 0) : x[d]);
      const int64_t last = checked_add(first, checked_mul(y[d] - 1, step));
      if (cut[d] || (y[d] > 0 && (first >= x[d] || last < 0 || last >= x[d])))
        throw Error(Code::kInvalid, "Slice: the output reaches beyond the input");
      cut[d] = true;
      begin += first * src[d];
      src[d] *= y[d] > 1 ? step : 1;
    }
    for (size_t d = 0; d < x.size(); ++d)
      if (!cut[d] && x[d] != y[d]) throw Error(Code::kInvalid, "Slice: extents differ");
    auto work = std::make_unique<CopyWork>(1, threads);
    const int64_t bytes = bytes_of(p.inputs[0]);
    work->add(0, begin, 0, 0, StridedCopy(y, src, strides_of(p.outputs[0]), bytes), bytes);
    return work;
  }
};

// One copy over the axes of both sides, which need not be the operands' own.
class MoveRow : public CopyRow {
 public:
  using CopyRow::CopyRow;

 protected:
  struct Sides {
    Extents extents, src, dst;
  };
  virtual Sides sides(const Problem& bound) const = 0;

  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    const Sides s = sides(p);
    auto work = std::make_unique<CopyWork>(1, threads);
    const int64_t bytes = bytes_of(p.inputs[0]);
    work->add(0, 0, 0, 0, StridedCopy(s.extents, s.src, s.dst, bytes), bytes);
    return work;
  }
};

class TransposeRow : public MoveRow {
 public:
  TransposeRow() : MoveRow("cpu.transpose", {"Transpose(x)"}) {}

 protected:
  Sides sides(const Problem& p) const override {
    const Extents from = strides_of(p.inputs[0]);
    const auto perm = p.attrs.ints("perm");
    Sides s{dims_of(p.outputs[0]), from, strides_of(p.outputs[0])};
    for (size_t d = 0; d < from.size(); ++d)
      s.src[d] = from[perm.empty() ? from.size() - 1 - d : static_cast<size_t>(perm[d])];
    return s;
  }
};

class ConvertRow : public MoveRow {
 public:
  ConvertRow() : MoveRow("cpu.copy", {"Convert(x)"}) {}
  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    return {tuple_of(p, std::nullopt, std::nullopt)};
  }

 protected:
  Sides sides(const Problem& p) const override {
    return {dims_of(p.outputs[0]), strides_of(p.inputs[0]), strides_of(p.outputs[0])};
  }
};

class DepthSpaceRow : public MoveRow {
 public:
  DepthSpaceRow() : MoveRow("cpu.depth_space", {"DepthToSpace(x)", "SpaceToDepth(x)"}) {}

 protected:
  Sides sides(const Problem& p) const override {
    const bool to_space = p.op == "DepthToSpace";
    const Operand &deep = to_space ? p.inputs[0] : p.outputs[0],
                  &wide = to_space ? p.outputs[0] : p.inputs[0];
    const Extents d = dims_of(deep), ds = strides_of(deep), ws = strides_of(wide);
    const int64_t b = p.attrs.i("blocksize", 1), c = d[1] / (b * b);
    const bool crd = p.attrs.s("mode", "DCR") == "CRD";
    // Image, channel, block row, block column, row, column.
    const Extents extents = {d[0], c, b, b, d[2], d[3]};
    const Extents in_deep = {
        ds[0], ds[1] * (crd ? b * b : 1), ds[1] * (crd ? b : b * c), ds[1] * (crd ? 1 : c), ds[2],
        ds[3]};
    const Extents in_wide = {ws[0], ws[1], ws[2], ws[3], ws[2] * b, ws[3] * b};
    return to_space ? Sides{extents, in_deep, in_wide} : Sides{extents, in_wide, in_deep};
  }
};

// Reshape, Flatten and the like: elements in row-major order stay in that order, so the side that
// is stored so is seen with the axes of the other.
class ReshapeRow : public MoveRow {
 public:
  ReshapeRow()
      : MoveRow("cpu.reshape",
                {"Reshape(x)", "Flatten(x)", "Squeeze(x)", "Unsqueeze(x)", "Identity(x)"}) {}
  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    std::vector<FormatTuple> list = {tuple_of(p, Layout::linear(), Layout::linear())};
    for (FormatTuple t : {tuple_of(p, Layout::channels_last(), Layout::linear()),
                          tuple_of(p, Layout::linear(), Layout::channels_last())})
      if (!(t == list[0])) list.push_back(std::move(t));
    return list;
  }

 protected:
  Verdict check(const Problem& p) const override {
    if (p.closed && !row_major_stored(p.inputs[0]) && !row_major_stored(p.outputs[0]))
      return Verdict::no("neither side is stored in row-major order");
    return CopyRow::check(p);
  }
  Sides sides(const Problem& p) const override {
    const Operand &x = p.inputs[0], &y = p.outputs[0];
    const Extents dims = dims_of(row_major_stored(y) ? x : y);
    if (element_count(dims) != element_count(dims_of(row_major_stored(y) ? y : x)))
      throw Error(Code::kInvalid, p.op + ": the numbers of elements differ");
    return row_major_stored(y) ? Sides{dims, strides_of(x), row_major(dims)}
                               : Sides{dims, row_major(dims), strides_of(y)};
  }

 private:
  static bool row_major_stored(const Operand& o) {
    return o.format.layout.kind == Layout::Kind::kLinear && o.format.dense();
  }
};

}  // namespace

std::unique_ptr<Row> cpu_concat() {
  return std::make_unique<PiecesRow>("cpu.concat", std::vector<std::string>{"Concat(...)"});
}
std::unique_ptr<Row> cpu_slice() { return std::make_unique<SliceRow>(); }
std::unique_ptr<Row> cpu_split() {
  return std::make_unique<PiecesRow>("cpu.split", std::vector<std::string>{"Split(x)"});
}
std::unique_ptr<Row> cpu_transpose() { return std::make_unique<TransposeRow>(); }
std::unique_ptr<Row> cpu_copy() { return std::make_unique<ConvertRow>(); }
std::unique_ptr<Row> cpu_depth_space() { return std::make_unique<DepthSpaceRow>(); }
std::unique_ptr<Row> cpu_reshape() { return std::make_unique<ReshapeRow>(); }

}  // namespace tenfold::cpu
