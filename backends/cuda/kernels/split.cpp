// cuda.split: cuts its input along an axis into its outputs, one input element a thread.
#include <algorithm>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/text_row.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int kThreads = 256;

class Split final : public TextRow {
 public:
  using TextRow::TextRow;
  std::vector<std::string> patterns() const override { return {"Split(x)"}; }

  Verdict supports(const Problem& p, const Target&) const override {
    if (p.op != "Split") return Verdict::no("it does not solve " + p.op);
    if (Verdict taken = takes_operands(p); !taken) return taken;
    if (!p.expr.empty()) return Verdict::no("an Expr behind several outputs");
    if (axis_of(p.attrs.i("axis", 0), p.inputs[0].dims.size()) < 0)
      return Verdict::no("axis is out of range");
    for (const Operand& o : p.outputs) {
      if (o.dims.size() != p.inputs[0].dims.size()) return Verdict::no("an output of another rank");
      if (p.closed && (is_padded(o) || o.format.dtype != p.inputs[0].format.dtype))
        return Verdict::no("padded outputs or another type");
    }
    return {};
  }

  std::vector<FormatTuple> formats(const Problem& p, const Target&,
                                   TypeSet permitted) const override {
    std::vector<FormatTuple> tuples;
    const bool pinned = p.inputs[0].format.dtype != DType::kF32;
    for (const DType type : {DType::kF16, DType::kF32}) {
      if (pinned ? type != DType::kF32 : type != DType::kF32 && !permitted.contains(type)) continue;
      for (const bool last : {true, false}) {
        if (last && (pinned || p.inputs[0].dims.size() < 3)) continue;
        Format f = p.inputs[0].format;
        if (!pinned) f.dtype = type;
        if (last) f.layout = Layout::channels_last();
        FormatTuple tuple;
        tuple.inputs.assign(p.inputs.size(), f);
        tuple.outputs.assign(p.outputs.size(), f);
        tuples.push_back(tuple);
      }
    }
    return tuples;
  }

  TextRequest request(const Problem& p, const Tactic&, const Target&) const override {
    const Operand& in = p.inputs[0];
    const size_t rank = in.dims.size();
    const int axis = axis_of(p.attrs.i("axis", 0), rank);
    const std::string type = device_type(in.format.dtype), a = std::to_string(axis);
    std::vector<std::string> at(rank);
    for (size_t k = 0; k < rank; ++k) at[k] = "i[" + std::to_string(k) + "]";
    TextRequest request;
    request.entry = "cuda_split";
    std::string& t = request.text;
    t = "#include \"gen/common.cuh\"\n" + params(p, at_tuning(p)).declaration() +
        "extern \"C\" __global__ void __launch_bounds__(256) cuda_split(const void* in0, ";
    for (size_t j = 0; j < p.outputs.size(); ++j) t += "void* out" + std::to_string(j) + ", ";
    t += "const __grid_constant__ Params P) {\n  wait_for_predecessors();\n"
         "  int q = blockIdx.x * blockDim.x + threadIdx.x;\n  if (q >= P.count) return;\n  int i[" +
         std::to_string(rank) + "];\n";
    for (const int k : order(in)) {
      const std::string n = std::to_string(k);
      t += "  { const int next = divide(q, P.x" + n + "); i[" + n + "] = q - next * P.x" + n +
           ".d; q = next; }\n";
    }
    t += "  const " + type + " x = reinterpret_cast<const " + type + "*>(in0)[" +
         offset_code(in, "in0", at) + "];\n";
    for (size_t j = 0; j < p.outputs.size(); ++j) {
      const std::string n = std::to_string(j);
      t += (j ? "  else " : "  ") + std::string("if (i[") + a + "] < P.end" + n + ") {\n";
      if (j) t += "    i[" + a + "] -= P.end" + std::to_string(j - 1) + ";\n";
      t += "    reinterpret_cast<" + type + "*>(out" + n + ")[" +
           offset_code(p.outputs[j], "out" + n, at) + "] = x;\n  }\n";
    }
    t += "}\n";
    return request;
  }

  Launch launch(const Problem& closed, const Problem& bound, const Tactic&,
                const Target&) const override {
    Launch launch;
    launch.params = params(closed, bound);
    const int64_t count = element_count(const_extents(bound.inputs[0].dims));
    launch.grid.x = static_cast<uint32_t>((count + kThreads - 1) / kThreads);
    launch.block.x = kThreads;
    return launch;
  }

 private:
  // Axes from the innermost outwards.
  static std::vector<int> order(const Operand& in) {
    std::vector<int> axes = {inner_axis(in)};
    for (int k = static_cast<int>(in.dims.size()); k-- > 0;)
      if (k != axes[0]) axes.push_back(k);
    return axes;
  }
  static ParamList params(const Problem& closed, const Problem& bound) {
    ParamList list;
    const Extents dims = const_extents(bound.inputs[0].dims);
    list.add("count", element_count(dims));
    for (const int k : order(closed.inputs[0]))
      list.add_divisor("x" + std::to_string(k), dims[static_cast<size_t>(k)]);
    const auto axis = static_cast<size_t>(axis_of(closed.attrs.i("axis", 0), dims.size()));
    add_strides(list, "in0", closed.inputs[0], bound.inputs[0]);
    int64_t end = 0;
    for (size_t j = 0; j < bound.outputs.size(); ++j) {
      end += bound.outputs[j].dims[axis].value();
      list.add("end" + std::to_string(j), end);
      add_strides(list, "out" + std::to_string(j), closed.outputs[j], bound.outputs[j]);
    }
    return list;
  }
};

}  // namespace

std::unique_ptr<Row> cuda_split() { return std::make_unique<Split>("cuda.split"); }

}  // namespace tenfold::cuda
