#include "backends/cuda/gen/elementwise.h"

#include <algorithm>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/lane_text.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {
namespace {

constexpr int kThreads = 256;      // at most
constexpr int kSmallThreads = 64;  // where blocks would be too few to fill the machine
constexpr int64_t kManyGroups = 132 * 1024;
constexpr int64_t kSharedByOne =
    8;  // values for each thread of those that share them, where enough

std::string str(int64_t n) { return std::to_string(n); }

std::vector<int> physical_axes(const Operand& output) {
  std::vector<int> axes;
  const int rank = static_cast<int>(output.dims.size()), inner = inner_axis(output);
  for (int k = 0; k < rank; ++k)
    if (k != inner) axes.push_back(k);
  if (inner >= 0) axes.push_back(inner);
  return axes;
}

// The extent that the lanes' axis is iterated over: with padding, which is written too.
int64_t iterated_inner(const Operand& output) {
  if (output.format.enclosing > 0) {
    const int axis = inner_axis(output);
    const Dim& dim = output.dims[static_cast<size_t>(axis)];
    return dim.is_const() ? dim.value() : 0;
  }
  return inner_extent(output);
}

bool flat_range(const Problem& p, const ElementwiseAnchor& anchor) {
  if (!anchor.include.empty() && anchor.include != "kernels/copy.cu") return false;
  const Operand& out = p.outputs[0];
  if (!out.format.dense() || is_padded(out) || p.outputs.size() > 1) return false;
  return std::all_of(p.inputs.begin(), p.inputs.end(), [&](const Operand& in) {
    const bool scalar = std::all_of(in.dims.begin(), in.dims.end(), is_one);
    return scalar || same_places(in, out);
  });
}

// The kernel around the lanes: coordinates, the calls of the anchor and the Expr, parameters.
struct Generator {
  const Problem& p;
  const ElementwiseAnchor& anchor;
  LaneText lanes{p, anchor};
  ElementwiseShape shape = lanes.shape;
  const Operand& out = p.outputs[0];
  int rank = lanes.rank;
  std::vector<int> row = anchor.row_axes ? order(anchor.row_axes(p)) : std::vector<int>();

  // As physical_axes, those of a list only, or all others.
  std::vector<int> order(const std::vector<int>& axes, bool listed = true) const {
    std::vector<int> ordered = physical_axes(out);
    std::erase_if(ordered, [&](int axis) {
      return (std::find(axes.begin(), axes.end(), axis) != axes.end()) != listed;
    });
    return ordered;
  }

  std::string header() const {
    std::string text = "#include \"gen/common.cuh\"\n";
    text += std::string("typedef ") + (shape.wide ? "double" : "float") + " real;\n";
    text += "#define V " + str(shape.lanes) + "\n#define LANE_AXIS " + str(shape.lane_axis) + "\n";
    text += "#define RANK " + str(std::max(rank, 1)) + "\n";
    if (anchor.defines) text += anchor.defines(p);
    return text;
  }

  std::string structs(const ParamList& params) const {
    std::string text = params.declaration() + "struct Args {\n";
    for (size_t k = 0; k < p.inputs.size(); ++k) text += "  const void* in" + str(k) + ";\n";
    text += "};\n";
    // d: coordinates of lane 0; valid: lanes inside the output; at: offset of lane 0 where it is
    // known
    return text + "struct Coord { int d[RANK]; int valid; int at; };\n";
  }

  // Statements that take q apart into coordinates along `axes`, the last the fastest.
  static std::string take_apart(const std::vector<int>& axes, const std::string& target) {
    std::string text;
    for (size_t n = axes.size(); n-- > 0;) {
      const std::string a = str(axes[n]);
      text += n == 0 ? "  " + target + "[" + a + "] = q;\n"
                     : "  { const int next = divide(q, P.x" + a + "); " + target + "[" + a +
                           "] = q - next * P.x" + a + ".d; q = next; }\n";
    }
    return text;
  }

  std::string row_place() const {
    return "__device__ __forceinline__ void row_place(const Params& P, int q, int (&d)[RANK]) {\n" +
           take_apart(row, "d") + "}\n";
  }

  std::string row_coordinates() const {
    return "  Coord o;\n  o.valid = 1;\n  row_place(P, 0, o.d);\n  int q = blockIdx.x;\n" +
           take_apart(order(row, false), "o.d");
  }

  std::string coordinates() const {
    std::string text = "  Coord o;\n";
    if (shape.flat) {
      text += "  o.at = g * V;\n  o.valid = P.count - o.at < V ? P.count - o.at : V;\n";
      for (int k = 0; k < std::max(rank, 1); ++k) text += "  o.d[" + str(k) + "] = 0;\n";
      return text;
    }
    const std::vector<int> axes = physical_axes(out);
    text += "  int q = g;\n";
    for (size_t n = axes.size(); n-- > 0;) {
      const std::string a = str(axes[n]);
      const bool lane = n + 1 == axes.size();
      if (n == 0) {
        text += "  o.d[" + a + "] = q" + (lane ? " * V" : "") + ";\n";
      } else {
        text += "  { const int next = divide(q, P.x" + a + "); o.d[" + a + "] = (q - next * P.x" +
                a + ".d)" + (lane ? " * V" : "") + "; q = next; }\n";
      }
    }
    if (axes.empty()) text += "  o.d[0] = 0;\n";
    text +=
        lanes.guarded()
            ? "  { const int left = P.inner - o.d[LANE_AXIS]; o.valid = left < V ? left : V; }\n"
            : "  o.valid = V;\n";
    return text + "  " + lanes.own_offset();
  }

  std::string element() const {
    std::string text = anchor.reads_ahead ? lanes.ahead_values() : lanes.expr_loads();
    for (size_t j = 0; j < p.outputs.size(); ++j)
      text += "  real r" + str(static_cast<int64_t>(j)) + "[V];\n";
    text += "  _Pragma(\"unroll\") for (int v = 0; v < V; ++v) {\n" + expr_code(p.expr, "    ") +
            "  }\n";
    return text + lanes.stores();
  }

  std::string kernel(const std::string& entry) const {
    std::string text = "extern \"C\" __global__ void __launch_bounds__(" + str(anchor.threads) +
                       ") " + entry + "(";
    for (size_t k = 0; k < p.inputs.size(); ++k)
      text += "const void* in" + str(static_cast<int64_t>(k)) + ", ";
    for (size_t j = 0; j < p.outputs.size(); ++j)
      text += "void* out" + str(static_cast<int64_t>(j)) + ", ";
    text += "const __grid_constant__ Params P) {\n";
    if (!anchor.contraction) text += "  wait_for_predecessors();\n";
    text += "  Args A;\n";
    for (size_t k = 0; k < p.inputs.size(); ++k)
      text +=
          "  A.in" + str(static_cast<int64_t>(k)) + " = in" + str(static_cast<int64_t>(k)) + ";\n";
    if (anchor.contraction) {
      const std::string place =
          (lanes.guarded()
               ? "  { const int left = P.inner - o.d[LANE_AXIS]; o.valid = left < V ? left : V; }\n"
               : std::string("  o.valid = V;\n")) +
          "  " + lanes.own_offset();
      text +=
          "  extern __shared__ __align__(16) unsigned char shared[];\n  contract(A, P, shared, ";
      if (anchor.reads_ahead)
        return text + "[&](Coord& o, Ahead& ahead) {\n" + place + lanes.expr_loads(true) +
               "  }, [&](Coord& o, const Ahead& ahead, real (&acc0)[V]) {\n" + element() +
               "  });\n}\n";
      return text + "[&](Coord& o, real (&acc0)[V]) {\n" + place + element() + "  });\n}\n";
    }
    if (!row.empty()) {
      text += row_coordinates() + "  const Row row = begin_row(A, P, o);\n";
      text +=
          "  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {\n  row_place(P, j, o.d);\n "
          " " +
          lanes.own_offset() + "  real acc0[V];\n  row_element(A, P, o, row, acc0);\n" + element() +
          "  }\n";
      return text + "}\n";
    }
    text += anchor.shared_values ? "  const int g = blockIdx.x;\n"
                                 : "  const int g = blockIdx.x * blockDim.x + threadIdx.x;\n"
                                   "  if (g >= P.groups) return;\n";
    text += coordinates();
    if (!anchor.include.empty()) {
      text += "  real acc0[V];\n";
      if (shape.flat)
        text += "  {\n" + lanes.flat_load(p.inputs[0], "in0", "acc0") + "  }\n";
      else
        text += lanes.guarded()
                    ? "  if (o.valid > 0) anchor(A, P, o, acc0);\n  else\n    _Pragma(\"unroll\") "
                      "for (int v = 0; v < V; ++v) acc0[v] = (real)0;\n"
                    : "  anchor(A, P, o, acc0);\n";
    }
    if (anchor.shared_values) text += "  if (threadIdx.x > 0) return;\n";
    return text + element() + "}\n";
  }

  ParamList params(const Problem& bound) const {
    ParamList list;
    const Operand& to = bound.outputs[0];
    const Extents dims = const_extents(to.dims);
    int64_t groups = 0;
    if (!row.empty()) {
      const auto add_axes = [&](const std::vector<int>& axes) {
        int64_t count = 1;
        for (size_t n = 0; n < axes.size(); ++n) {
          const int64_t extent = dims[static_cast<size_t>(axes[n])];
          count *= extent;
          if (n > 0) list.add_divisor("x" + str(axes[n]), extent);
        }
        return count;
      };
      groups = add_axes(order(row, false));
      extent_ = add_axes(row);
      list.add("extent", extent_);
    } else if (shape.flat) {
      const int64_t count = element_count(dims);
      list.add("count", count);
      groups = (count + shape.lanes - 1) / shape.lanes;
    } else {
      const std::vector<int> axes = physical_axes(out);
      groups = 1;
      for (size_t n = 0; n < axes.size(); ++n) {
        const bool lane = n + 1 == axes.size();
        int64_t extent = dims[static_cast<size_t>(axes[n])];
        if (lane && is_padded(out) && out.format.dense()) {
          const int64_t pad = out.format.layout.pad;
          extent = (extent + pad - 1) / pad * pad;
        }
        if (lane) extent = (extent + shape.lanes - 1) / shape.lanes;
        groups *= extent;
        if (n > 0) list.add_divisor("x" + str(axes[n]), extent);
      }
      if (lanes.guarded())
        list.add("inner", dims.empty() ? 1 : dims[static_cast<size_t>(shape.lane_axis)]);
    }
    list.add("groups", groups);
    for (size_t k = 0; k < p.inputs.size(); ++k)
      add_strides(list, "in" + str(static_cast<int64_t>(k)), p.inputs[k], bound.inputs[k]);
    for (size_t j = 0; j < p.outputs.size(); ++j)
      add_strides(list, "out" + str(static_cast<int64_t>(j)), p.outputs[j], bound.outputs[j]);
    if (anchor.params) anchor.params(bound, list);
    groups_ = groups;
    return list;
  }
  mutable int64_t groups_ = 0, extent_ = 0;  // of the last params()
};

}  // namespace

ElementwiseShape shape_of(const Problem& p, const ElementwiseAnchor& anchor) {
  ElementwiseShape shape;
  const Operand& out = p.outputs[0];
  shape.lane_axis = std::max(inner_axis(out), 0);
  shape.flat = flat_range(p, anchor);
  int bytes = 1;
  for (const Operand& o : p.outputs) bytes = std::max(bytes, device_bytes(o.format.dtype));
  for (const auto* list : {&p.inputs, &p.outputs})
    for (const Operand& o : *list) shape.wide = shape.wide || needs_double(o.format.dtype);
  int lanes = anchor.vector && !anchor.row_axes ? std::min(8, 16 / bytes) : 1;
  if (anchor.lane_limit)
    while (lanes > 1 && anchor.lane_limit(p) % lanes != 0) lanes /= 2;
  const int64_t inner = iterated_inner(out);
  if (!shape.flat)
    while (lanes > 1 && (inner <= 0 || inner % lanes != 0)) lanes /= 2;
  shape.lanes = lanes;
  return shape;
}

TextRequest elementwise_request(const std::string& entry, const Problem& closed,
                                const ElementwiseAnchor& anchor) {
  const Generator generator{closed, anchor};
  TextRequest request;
  request.entry = entry;
  request.text = generator.header() + generator.structs(generator.params(at_tuning(closed)));
  if (!anchor.include.empty()) {
    request.text += generator.lanes.anchor_loaders();
    if (!generator.row.empty()) request.text += generator.row_place();
    if (anchor.reads_ahead) request.text += generator.lanes.ahead_struct();
    if (!generator.shape.flat) request.text += "#include \"" + anchor.include + "\"\n";
  }
  request.text += generator.kernel(entry);
  return request;
}

Launch elementwise_launch(const Problem& closed, const Problem& bound,
                          const ElementwiseAnchor& anchor) {
  const Generator generator{closed, anchor};
  Launch launch;
  launch.params = generator.params(bound);
  const int64_t groups = generator.groups_;
  if (!generator.row.empty() || anchor.shared_values) {
    const bool rows = !generator.row.empty();
    const int64_t values = rows ? generator.extent_ : anchor.shared_values(bound) / kSharedByOne;
    launch.block.x =
        static_cast<uint32_t>(std::clamp<int64_t>((values + 31) / 32 * 32, 32, anchor.threads));
    launch.grid.x = rows && values == 0 ? 0 : static_cast<uint32_t>(groups);
    return launch;
  }
  const int threads = groups >= kManyGroups ? kThreads : kSmallThreads;
  launch.grid.x = static_cast<uint32_t>((groups + threads - 1) / threads);
  launch.block.x = static_cast<uint32_t>(threads);
  return launch;
}

}  // namespace tenfold::cuda
