// cuda.top_k: the largest or smallest elements along an axis and their places, a thread, a warp or
// a block a line.
#include <algorithm>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/text_row.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kManyLines = 4096;  // a thread each fills the machine

int axis(const Problem& p) { return axis_of(p.attrs.i("axis", -1), p.inputs[0].dims.size()); }

int group_of(const Tactic& tactic) {
  const int group = tactic_value(tactic, "group", kThreads);
  return group == 1 || group == 32 ? group : kThreads;
}

// The other axes, from the innermost outwards.
std::vector<int> line_axes(const Operand& in, int axis) {
  std::vector<int> axes;
  if (inner_axis(in) != axis) axes.push_back(inner_axis(in));
  for (int k = static_cast<int>(in.dims.size()); k-- > 0;)
    if (k != axis && k != inner_axis(in)) axes.push_back(k);
  return axes;
}

ParamList parameters(const Problem& closed, const Problem& bound) {
  ParamList list;
  const Extents x = const_extents(bound.inputs[0].dims);
  int64_t lines = 1;
  for (const int k : line_axes(closed.inputs[0], axis(closed))) {
    lines *= x[static_cast<size_t>(k)];
    list.add_divisor("x" + std::to_string(k), x[static_cast<size_t>(k)]);
  }
  list.add("lines", lines);
  list.add("extent", x[static_cast<size_t>(axis(closed))]);
  list.add("k", bound.outputs[0].dims[static_cast<size_t>(axis(closed))].value());
  add_strides(list, "in0", closed.inputs[0], bound.inputs[0]);
  for (size_t j = 0; j < closed.outputs.size(); ++j)
    add_strides(list, "out" + std::to_string(j), closed.outputs[j], bound.outputs[j]);
  return list;
}

// struct Line, line_of(P, number): where a line begins in each operand; STEP_X(j).. within it; the
// operands' types.
std::string accessors(const Problem& p) {
  const size_t rank = p.inputs[0].dims.size();
  const int along = axis(p);
  std::vector<std::string> at(rank);
  for (size_t k = 0; k < rank; ++k)
    if (static_cast<int>(k) != along) at[k] = "i[" + std::to_string(k) + "]";
  std::string text = "struct Line { int x, y, z; };\n", offsets;
  const char* const names[] = {"X", "Y", "Z"};
  for (size_t n = 0; n < 1 + p.outputs.size(); ++n) {
    const Operand& o = n == 0 ? p.inputs[0] : p.outputs[n - 1];
    const std::string name = n == 0 ? "in0" : "out" + std::to_string(n - 1);
    const std::string step =
        unit_stride(o, along) ? "(j)" : "((j) * P." + name + "_s" + std::to_string(along) + ")";
    text += "typedef " + device_type(o.format.dtype) + " Type" + names[n] + ";\n#define STEP_" +
            names[n] + "(j) " + step + "\n";
    offsets += (n ? ", " : "") + offset_code(o, name, at);
  }
  text +=
      "__device__ __forceinline__ Line line_of(const Params& P, int number) {\n  int q = number, "
      "i[" +
      std::to_string(rank) + "];\n";
  for (const int k : line_axes(p.inputs[0], along)) {
    const std::string n = std::to_string(k);
    text += "  { const int next = divide(q, P.x" + n + "); i[" + n + "] = q - next * P.x" + n +
            ".d; q = next; }\n";
  }
  return text + "  return {" + offsets + "};\n}\n";
}

class TopK final : public TextRow {
 public:
  using TextRow::TextRow;
  std::vector<std::string> patterns() const override { return {"TopK(x)"}; }

  Verdict supports(const Problem& p, const Target&) const override {
    if (p.op != "TopK") return Verdict::no("it does not solve " + p.op);
    if (Verdict taken = takes_operands(p); !taken) return taken;
    if (!p.expr.empty()) return Verdict::no("an Expr behind several outputs");
    if (p.anchor_inputs != 1 || p.inputs.size() != 1 || p.outputs.size() > 2)
      return Verdict::no("it takes one input and gives values and places");
    const Shape& x = p.inputs[0].dims;
    if (axis(p) < 0) return Verdict::no("axis is out of range");
    const auto along = static_cast<size_t>(axis(p));
    for (const Operand& o : p.outputs) {
      if (o.dims.size() != x.size()) return Verdict::no("an output of another rank");
      for (size_t d = 0; d < x.size(); ++d)
        if (!(o.dims[d] == (d == along ? p.outputs[0].dims[d] : x[d])))
          return Verdict::no("an output of other extents");
      if (p.closed && is_padded(o)) return Verdict::no("a padded output");
    }
    const Dim& k = p.outputs[0].dims[along];
    if (!k.is_const() || !x[along].is_const() || k.value() > x[along].value())
      return Verdict::no("k must be known and at most the axis");
    return {};
  }

  // Lines that are consecutive in memory come first.
  std::vector<FormatTuple> formats(const Problem& p, const Target&,
                                   TypeSet permitted) const override {
    std::vector<FormatTuple> tuples;
    const DType given = p.inputs[0].format.dtype;
    const bool channels = axis(p) == 1 && p.inputs[0].dims.size() >= 3;
    for (const DType type : {DType::kF16, DType::kBF16, DType::kF32}) {
      const bool own = type == DType::kF32;
      if (!own && (given != DType::kF32 || !permitted.contains(type))) continue;
      for (const bool last : {channels, !channels}) {
        if (last && p.inputs[0].dims.size() < 3) continue;
        FormatTuple tuple;
        tuple.inputs = {p.inputs[0].format};
        for (const Operand& o : p.outputs) tuple.outputs.push_back(o.format);
        for (Format* f : {&tuple.inputs[0], &tuple.outputs[0]}) {
          if (!own && f->dtype == DType::kF32) f->dtype = type;
          if (last) f->layout = Layout::channels_last();
        }
        tuples.push_back(tuple);
      }
    }
    return tuples;
  }

  // Threads that work on a line; neighbouring threads read neighbouring elements.
  std::vector<Tactic> tactics(const Problem& p, const Target&) const override {
    const Extents x = p.extents(p.inputs[0], p.tuning());
    const int64_t extent = x[static_cast<size_t>(axis(p))];
    const int64_t lines = extent > 0 ? element_count(x) / extent : 0;
    if (!unit_stride(p.inputs[0], axis(p)) && lines >= kManyLines)
      return {"group=1", "group=32", "group=256"};
    if (extent <= 256 || lines >= kManyLines) return {"group=32", "group=256", "group=1"};
    return {"group=256", "group=32", "group=1"};
  }

  TextRequest request(const Problem& p, const Tactic& tactic, const Target&) const override {
    TextRequest request;
    request.entry = "cuda_top_k";
    const bool both = p.outputs.size() > 1;
    request.text = std::string("#include \"gen/common.cuh\"\ntypedef ") +
                   (needs_double(p.inputs[0].format.dtype) ? "double" : "float") +
                   " real;\n#define THREADS " + std::to_string(kThreads) + "\n#define GROUP " +
                   std::to_string(group_of(tactic)) + "\n#define OUTPUTS " + (both ? "2" : "1") +
                   "\n#define LARGEST " + (p.attrs.i("largest", 1) != 0 ? "1\n" : "0\n") +
                   parameters(p, at_tuning(p)).declaration() + accessors(p) +
                   "#include \"kernels/top_k.cu\"\n"
                   "extern \"C\" __global__ void __launch_bounds__(THREADS) cuda_top_k(const void* "
                   "in0, void* out0, " +
                   (both ? "void* out1, " : "") +
                   "const __grid_constant__ Params P) {\n  wait_for_predecessors();\n  top_k(in0, "
                   "out0, " +
                   (both ? "out1" : "nullptr") + ", P);\n}\n";
    return request;
  }

  Launch launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                const Target&) const override {
    Launch launch;
    launch.params = parameters(closed, bound);
    const int64_t count = element_count(const_extents(bound.outputs[0].dims));
    const int64_t k = bound.outputs[0].dims[static_cast<size_t>(axis(closed))].value();
    const int64_t lines_a_block = kThreads / group_of(tactic);
    const int64_t lines = k > 0 ? count / k : 0;
    launch.grid.x = static_cast<uint32_t>((lines + lines_a_block - 1) / lines_a_block);
    launch.block.x = kThreads;
    return launch;
  }

 protected:
  // A line is read once a round.
  double efficiency(const Problem& p) const override {
    const Dim& k = p.outputs[0].dims[static_cast<size_t>(axis(p))];
    return 0.3 / static_cast<double>(std::max<int64_t>(k.is_const() ? k.value() : 1, 1));
  }
};

}  // namespace

std::unique_ptr<Row> cuda_top_k() { return std::make_unique<TopK>("cuda.top_k"); }

}  // namespace tenfold::cuda
