// Concat, Slice and Split as copies of runs: any element type, linear or channels last.
#include <algorithm>
#include <cstring>

#include "backends/cpu/roofline.h"
#include "src/base/threads.h"
#include "tenfold/kernel.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kGrainBytes = 64 << 10;  // of one thread's share

// `count` runs of `bytes`, each a stride further on both sides.
struct Piece {
  int input = 0, output = 0;
  int64_t src = 0, dst = 0, src_stride = 0, dst_stride = 0, bytes = 0, count = 0;
};

struct Instance : RowInstance {
  int threads = 1;
  size_t inputs = 0;
  std::vector<Piece> pieces;
};

// What the recorder copies.
struct Call {
  const Instance* instance;
};

void copy_pieces(void* const* slots, const void* data) noexcept {
  const Instance& in = *static_cast<const Call*>(data)->instance;
  for (const Piece& p : in.pieces) {
    const auto* src = static_cast<const std::byte*>(slots[p.input]) + p.src;
    auto* dst = static_cast<std::byte*>(slots[in.inputs + static_cast<size_t>(p.output)]) + p.dst;
    parallel_for(
        p.count, std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(1, p.bytes)),
        [&](int64_t from, int64_t to) {
          for (int64_t k = from; k < to; ++k)
            std::memcpy(dst + k * p.dst_stride, src + k * p.src_stride,
                        static_cast<size_t>(p.bytes));
        },
        in.threads);
  }
}

// The axis as storage sees it: extents outside it, and bytes of one index along it.
struct Along {
  int64_t outer = 1, unit = 1;
};
Along along(const Operand& o, int axis) {
  const Extents dims = const_extents(o.dims);
  std::vector<size_t> order;
  for (size_t d = 0; d < dims.size(); ++d)
    if (d != 1 || o.format.layout.kind == Layout::Kind::kLinear) order.push_back(d);
  if (o.format.layout.kind != Layout::Kind::kLinear) order.push_back(1);
  Along a{1, bits_of(o.format.dtype) / 8};
  bool inside = false;
  for (size_t d : order) {
    if (d == static_cast<size_t>(axis))
      inside = true;
    else
      (inside ? a.unit : a.outer) *= dims[d];
  }
  return a;
}

int64_t extent(const Operand& o, int axis) {
  return const_extents(o.dims)[static_cast<size_t>(axis)];
}

int axis_of(const Problem& p) {
  const auto rank = static_cast<int64_t>(p.inputs[0].dims.size());
  const int64_t axis = p.op == "Slice" ? p.attrs.ints("axes", {0}).at(0) : p.attrs.i("axis", 0);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

class CopyRow : public Row {
 public:
  CopyRow(std::string op, std::string name, std::string pattern)
      : op_(std::move(op)), name_(std::move(name)), pattern_(std::move(pattern)) {}

  std::string_view name() const override { return name_; }
  std::string_view backend() const override { return "cpu"; }
  std::vector<std::string> patterns() const override { return {pattern_}; }

  Verdict supports(const Problem& p, const Target& target) const override {
    if (target.kind != "cpu") return Verdict::no("serves the CPU");
    if (p.op != op_) return Verdict::no("does not compute " + p.op);
    if (!p.expr.empty()) return Verdict::no("only copies: takes no epilogue");
    const size_t rank = p.inputs.empty() ? 0 : p.inputs[0].dims.size();
    if (rank == 0) return Verdict::no("a scalar operand");
    if (p.inputs.size() + p.outputs.size() > kMostSlots) return Verdict::no("too many operands");
    const Format& first = p.inputs[0].format;
    for (const auto* list : {&p.inputs, &p.outputs})
      for (const Operand& o : *list) {
        if (o.dims.size() != rank) return Verdict::no("operands differ in rank");
        if (o.format.dtype != first.dtype || o.format.scale != first.scale)
          return Verdict::no("operands differ in element type");
        if (p.closed && !(o.format == first)) return Verdict::no("operands differ in layout");
      }
    if (bits_of(first.dtype) < 8 || bits_of(first.dtype) % 8)
      return Verdict::no("elements are not whole bytes");
    if (p.closed &&
        (!first.dense() || first.layout.pad > 1 || first.layout.kind > Layout::Kind::kChannelsLast))
      return Verdict::no("a padded, blocked or pitched layout");
    return op_ == "Slice" ? check_slice(p) : Verdict{};
  }
  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    std::vector<FormatTuple> list;
    for (Layout layout : {Layout::channels_last(), Layout::linear()}) {
      if (layout.kind != Layout::Kind::kLinear && p.inputs[0].dims.size() < 3) continue;
      FormatTuple t;
      for (const Operand& o : p.inputs)
        t.inputs.push_back({o.format.dtype, layout, 0, o.format.scale});
      for (const Operand& o : p.outputs)
        t.outputs.push_back({o.format.dtype, layout, 0, o.format.scale});
      t.compute = p.compute;
      t.accumulate = p.accumulate;
      list.push_back(std::move(t));
    }
    return list;
  }
  double estimate(const Problem& p, const Target& target) const override {
    return estimate_us(p, target, 0.05);
  }

  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override {
    auto in = std::make_unique<Instance>();
    const Problem& p = args.problem;
    in->threads = args.threads;
    in->inputs = p.inputs.size();
    const int axis = axis_of(p);
    // One side is whole, the other its pieces along the axis, one after the other.
    const bool gather = op_ == "Concat";
    const Operand& whole = gather ? p.outputs[0] : p.inputs[0];
    const auto& parts = gather ? p.inputs : p.outputs;
    int64_t at = op_ == "Slice" ? slice_start(p, axis) : 0;
    for (size_t k = 0; k < parts.size(); ++k) {
      const Along a = along(parts[k], axis);
      const int64_t run = extent(parts[k], axis) * a.unit, pitch = extent(whole, axis) * a.unit;
      Piece piece;
      (gather ? piece.input : piece.output) = static_cast<int>(k);
      (gather ? piece.dst : piece.src) = at * a.unit;
      (gather ? piece.dst_stride : piece.src_stride) = pitch;
      (gather ? piece.src_stride : piece.dst_stride) = run;
      piece.bytes = run;
      piece.count = a.outer;
      if (run > 0 && a.outer > 0) in->pieces.push_back(piece);
      at += extent(parts[k], axis);
    }
    return in;
  }
  void record(Commands& commands, const Operands& operands, const RowState*,
              const RowInstance& instance) const noexcept override {
    const auto* in = static_cast<const Instance*>(&instance);
    if (in->pieces.empty()) return;
    Slot slots[kMostSlots];
    size_t n = 0;
    for (Slot s : operands.inputs)
      if (n < kMostSlots) slots[n++] = s;
    for (Slot s : operands.outputs)
      if (n < kMostSlots) slots[n++] = s;
    const Call call{in};
    commands.host(copy_pieces, {slots, n}, &call, sizeof(call));
  }

 private:
  static constexpr size_t kMostSlots = 256;

  static int64_t slice_start(const Problem& p, int axis) {
    const int64_t x = extent(p.inputs[0], axis), start = p.attrs.ints("starts").at(0);
    return std::clamp<int64_t>(start < 0 ? start + x : start, 0, x);
  }
  static Verdict check_slice(const Problem& p) {
    if (p.attrs.ints("starts").size() != 1 || p.attrs.ints("axes", {0}).size() != 1)
      return Verdict::no("Slice: along several axes");
    for (int64_t step : p.attrs.ints("steps"))
      if (step != 1) return Verdict::no("Slice: a step other than 1");
    return {};
  }

  std::string op_, name_, pattern_;
};

}  // namespace

std::unique_ptr<Row> cpu_concat() {
  return std::make_unique<CopyRow>("Concat", "cpu.concat", "Concat(...)");
}
std::unique_ptr<Row> cpu_slice() {
  return std::make_unique<CopyRow>("Slice", "cpu.slice", "Slice(x)");
}
std::unique_ptr<Row> cpu_split() {
  return std::make_unique<CopyRow>("Split", "cpu.split", "Split(x)");
}

}  // namespace tenfold::cpu
