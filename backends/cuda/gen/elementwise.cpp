#include "backends/cuda/gen/elementwise.h"

#include <algorithm>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {
namespace {

constexpr int kThreads = 256;      // at most
constexpr int kSmallThreads = 64;  // where blocks would be too few to fill the machine
constexpr int64_t kManyGroups = 132 * 1024;

std::string str(int64_t n) { return std::to_string(n); }

bool needs_double(DType type) {
  return type == DType::kF64 || type == DType::kI32 || type == DType::kU32 || type == DType::kI64 ||
         type == DType::kU64;
}

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

// Text of one element's or one vector's load into `target` at element offset `offset`.
std::string load_lanes(const Operand& in, const std::string& pointer, const std::string& offset,
                       const std::string& target, int lanes, int lane_axis, const std::string& name,
                       bool aligned, bool guarded) {
  const std::string type = device_type(in.format.dtype);
  const std::string base = "reinterpret_cast<const " + type + "*>(" + pointer + ") + " + offset;
  std::string code = "    const " + type + "* at = " + base + ";\n";
  const std::string stride =
      unit_stride(in, lane_axis) ? "v" : "v * P." + name + "_s" + str(lane_axis);
  const std::string scalar = "_Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + target +
                             "[v] = " +
                             (guarded ? "v < o.valid ? widen<real>(at[" + stride + "]) : (real)0;\n"
                                      : "widen<real>(at[" + stride + "]);\n");
  const int64_t inner = inner_extent(in);
  const bool vector = lanes > 1 && unit_stride(in, lane_axis) && inner > 0;
  if (!vector) return code + "    " + scalar;
  const std::string pack = "load_pack<" + type + ", V>(at, " + target + ");\n";
  const bool certain = aligned && in.format.dense() && inner % lanes == 0;
  if (certain) return code + "    " + pack;
  const int bytes = std::min(16, device_bytes(in.format.dtype) * lanes);
  // Lanes beyond the operand's own extent are not read.
  const std::string whole = guarded ? " && o.valid == V" : "";
  return code + "    if (aligned_to(at, " + str(bytes) + ")" + whole + ") " + pack + "    else " +
         scalar;
}

struct Generator {
  const Problem& p;
  const ElementwiseAnchor& anchor;
  ElementwiseShape shape = shape_of(p, anchor);
  const Operand& out = p.outputs[0];
  int rank = static_cast<int>(out.dims.size());
  int row = anchor.row_axis ? anchor.row_axis(p) : -1;

  bool guarded() const { return shape.flat || is_padded(out); }

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

  // load_in<k>(A, P, o, i, x): V lanes; elem_in<k>(A, P, i): one element.
  std::string anchor_loaders() const {
    std::string text;
    std::vector<int> axes(static_cast<size_t>(p.anchor_inputs), -1);
    if (anchor.lane_axes) axes = anchor.lane_axes(p, shape.lane_axis);
    for (int k = 0; k < p.anchor_inputs; ++k) {
      const Operand& in = p.inputs[static_cast<size_t>(k)];
      const std::string name = "in" + str(k), type = device_type(in.format.dtype);
      const size_t r = in.dims.size();
      std::vector<std::string> i(r);
      for (size_t j = 0; j < r; ++j) i[j] = "i[" + str(static_cast<int64_t>(j)) + "]";
      const std::string offset = offset_code(in, name, i);
      const std::string array =
          "const int (&i)[" + str(std::max<int64_t>(static_cast<int64_t>(r), 1)) + "]";
      text += "__device__ __forceinline__ real elem_" + name + "(const Args& A, const Params& P, " +
              array + ") {\n  return widen<real>(reinterpret_cast<const " + type + "*>(A." + name +
              ")[" + offset + "]);\n}\n";
      const int axis = static_cast<size_t>(k) < axes.size() ? axes[static_cast<size_t>(k)] : -1;
      text += "__device__ __forceinline__ void load_" + name +
              "(const Args& A, const Params& P, const Coord& o, " + array + ", real (&x)[V]) {\n";
      if (axis < 0)
        text += "  const real same = elem_" + name +
                "(A, P, i);\n  _Pragma(\"unroll\") for (int v = 0; v < V; ++v) x[v] = same;\n";
      else
        text += load_lanes(in, "A." + name, offset, "x", shape.lanes, axis, name,
                           anchor.aligned_lanes, guarded());
      text += "}\n";
    }
    return text;
  }

  // What begin(o, ahead) reads, as stored.
  std::string ahead_struct() const {
    std::string text = "struct Ahead {\n";
    for (const int k : p.expr.loads())
      text += "  " + device_type(p.inputs[static_cast<size_t>(k)].format.dtype) + " l" + str(k) +
              "[V];\n";
    return text + "};\n";
  }

  std::string ahead_values() const {
    std::string text;
    for (const int k : p.expr.loads())
      text += "  real l" + str(k) + "[V];\n  _Pragma(\"unroll\") for (int v = 0; v < V; ++v) l" +
              str(k) + "[v] = widen<real>(ahead.l" + str(k) + "[v]);\n";
    return text;
  }

  // The Expr's operands as `real`s, or as stored into `ahead`.
  std::string expr_loads(bool ahead = false) const {
    std::string text;
    for (const int k : p.expr.loads()) {
      const Operand& in = p.inputs[static_cast<size_t>(k)];
      const std::string name = "in" + str(k), target = (ahead ? "ahead.l" : "l") + str(k);
      text += ahead ? "  {\n    typedef " + device_type(in.format.dtype) + " real;\n"
                    : "  real " + target + "[V];\n  {\n";
      const bool scalar = std::all_of(in.dims.begin(), in.dims.end(), is_one);
      const int lane = shape.lane_axis - (rank - static_cast<int>(in.dims.size()));
      const bool fixed =
          scalar || lane < 0 || (!shape.flat && is_one(in.dims[static_cast<size_t>(lane)]));
      std::string offset = same_places(in, out) ? "o.at"
                           : scalar
                               ? "0"
                               : offset_code(in, name, broadcast_coordinates(in, out.dims.size()));
      if (fixed)
        text += "    const real same = widen<real>(reinterpret_cast<const " +
                device_type(in.format.dtype) + "*>(in" + str(k) + ")[" + offset +
                "]);\n    _Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + target +
                "[v] = same;\n";
      else if (shape.flat)
        text += flat_load(in, name, target);
      else
        text += load_lanes(in, name, offset, target, shape.lanes, lane, name, true, guarded());
      text += "  }\n";
    }
    return text;
  }

  std::string flat_load(const Operand& in, const std::string& name,
                        const std::string& target) const {
    const std::string type = device_type(in.format.dtype);
    return "    const " + type + "* at = reinterpret_cast<const " + type + "*>(" + name +
           ") + o.at;\n    if (o.valid == V) load_pack<" + type + ", V>(at, " + target +
           ");\n    else _Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + target +
           "[v] = v < o.valid ? widen<real>(at[v]) : (real)0;\n";
  }

  std::string own_offset() const {
    std::vector<std::string> own(static_cast<size_t>(rank));
    for (int k = 0; k < rank; ++k) own[static_cast<size_t>(k)] = "o.d[" + str(k) + "]";
    return "o.at = " + offset_code(out, "out0", own) + ";\n";
  }

  std::string row_coordinates() const {
    std::string text =
        "  Coord o;\n  o.valid = 1;\n  o.d[" + str(row) + "] = 0;\n  int q = blockIdx.x;\n";
    std::vector<int> axes = physical_axes(out);
    axes.erase(std::find(axes.begin(), axes.end(), row));
    for (size_t n = axes.size(); n-- > 0;) {
      const std::string a = str(axes[n]);
      text += n == 0 ? "  o.d[" + a + "] = q;\n"
                     : "  { const int next = divide(q, P.x" + a + "); o.d[" + a +
                           "] = q - next * P.x" + a + ".d; q = next; }\n";
    }
    return text;
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
        guarded()
            ? "  { const int left = P.inner - o.d[LANE_AXIS]; o.valid = left < V ? left : V; }\n"
            : "  o.valid = V;\n";
    return text + "  " + own_offset();
  }

  std::string stores() const {
    std::string text;
    for (size_t j = 0; j < p.outputs.size(); ++j) {
      const Operand& to = p.outputs[j];
      const std::string type = device_type(to.format.dtype),
                        name = "out" + str(static_cast<int64_t>(j));
      std::vector<std::string> own(to.dims.size());
      for (size_t k = 0; k < own.size(); ++k) own[k] = "o.d[" + str(static_cast<int64_t>(k)) + "]";
      const std::string offset = shape.flat || j == 0 ? "o.at" : offset_code(to, name, own);
      const bool unit = shape.flat || rank == 0 || unit_stride(to, shape.lane_axis);
      const std::string stride = unit ? "v" : "v * P." + name + "_s" + str(shape.lane_axis);
      const std::string r = "r" + str(static_cast<int64_t>(j));
      text += "  {\n    " + type + "* at = reinterpret_cast<" + type + "*>(" + name + ") + " +
              offset + ";\n";
      const bool writes_padding = !shape.flat && is_padded(to) && j == 0;
      if (writes_padding)
        text += "    _Pragma(\"unroll\") for (int v = 0; v < V; ++v) if (v >= o.valid) " + r +
                "[v] = (real)0;\n";
      const std::string guard =
          shape.flat || (guarded() && !writes_padding) ? "if (v < o.valid) " : "";
      const std::string scalar = "_Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + guard +
                                 "at[" + stride + "] = narrow<" + type + ">(" + r + "[v]);\n";
      const std::string pack = "store_pack<" + type + ", V>(at, " + r + ");\n";
      const int64_t inner = inner_extent(to);
      const bool divides = inner > 0 && inner % shape.lanes == 0;
      if (shape.lanes == 1 || !unit)
        text += "    " + scalar;
      else if (shape.flat)
        text += "    if (o.valid == V) " + pack + "    else " + scalar;
      else if (to.format.dense() && divides && guard.empty())
        text += "    " + pack;
      else
        text += "    if (aligned_to(at, " +
                str(std::min(16, device_bytes(to.format.dtype) * shape.lanes)) + ")" +
                (guard.empty() ? "" : " && o.valid == V") + ") " + pack + "    else " + scalar;
      text += "  }\n";
    }
    return text;
  }

  std::string element() const {
    std::string text = anchor.reads_ahead ? ahead_values() : expr_loads();
    for (size_t j = 0; j < p.outputs.size(); ++j)
      text += "  real r" + str(static_cast<int64_t>(j)) + "[V];\n";
    text += "  _Pragma(\"unroll\") for (int v = 0; v < V; ++v) {\n" + expr_code(p.expr, "    ") +
            "  }\n";
    return text + stores();
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
          (guarded()
               ? "  { const int left = P.inner - o.d[LANE_AXIS]; o.valid = left < V ? left : V; }\n"
               : std::string("  o.valid = V;\n")) +
          "  " + own_offset();
      text +=
          "  extern __shared__ __align__(16) unsigned char shared[];\n  contract(A, P, shared, ";
      if (anchor.reads_ahead)
        return text + "[&](Coord& o, Ahead& ahead) {\n" + place + expr_loads(true) +
               "  }, [&](Coord& o, const Ahead& ahead, real (&acc0)[V]) {\n" + element() +
               "  });\n}\n";
      return text + "[&](Coord& o, real (&acc0)[V]) {\n" + place + element() + "  });\n}\n";
    }
    if (row >= 0) {
      text += row_coordinates() + "  const Row row = begin_row(A, P, o);\n";
      text += "  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {\n  o.d[" + str(row) +
              "] = j;\n  " + own_offset() +
              "  real acc0[V];\n  row_element(A, P, o, row, acc0);\n" + element() + "  }\n";
      return text + "}\n";
    }
    text +=
        "  const int g = blockIdx.x * blockDim.x + threadIdx.x;\n  if (g >= P.groups) return;\n";
    text += coordinates();
    if (!anchor.include.empty()) {
      text += "  real acc0[V];\n";
      if (shape.flat)
        text += "  {\n" + flat_load(p.inputs[0], "in0", "acc0") + "  }\n";
      else
        text += guarded()
                    ? "  if (o.valid > 0) anchor(A, P, o, acc0);\n  else\n    _Pragma(\"unroll\") "
                      "for (int v = 0; v < V; ++v) acc0[v] = (real)0;\n"
                    : "  anchor(A, P, o, acc0);\n";
    }
    return text + element() + "}\n";
  }

  ParamList params(const Problem& bound) const {
    ParamList list;
    const Operand& to = bound.outputs[0];
    const Extents dims = const_extents(to.dims);
    int64_t groups = 0;
    if (row >= 0) {
      std::vector<int> axes = physical_axes(out);
      axes.erase(std::find(axes.begin(), axes.end(), row));
      groups = 1;
      for (size_t n = 0; n < axes.size(); ++n) {
        groups *= dims[static_cast<size_t>(axes[n])];
        if (n > 0) list.add_divisor("x" + str(axes[n]), dims[static_cast<size_t>(axes[n])]);
      }
      list.add("extent", dims[static_cast<size_t>(row)]);
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
      if (guarded())
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
  mutable int64_t groups_ = 0;
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
  int lanes = anchor.vector && !anchor.row_axis ? std::min(8, 16 / bytes) : 1;
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
    request.text += generator.anchor_loaders();
    if (anchor.reads_ahead) request.text += generator.ahead_struct();
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
  if (generator.row >= 0) {
    const int64_t extent = bound.outputs[0].dims[static_cast<size_t>(generator.row)].value();
    launch.block.x =
        static_cast<uint32_t>(std::clamp<int64_t>((extent + 31) / 32 * 32, 32, kThreads));
    launch.grid.x = extent > 0 ? static_cast<uint32_t>(groups) : 0;
    return launch;
  }
  const int threads = groups >= kManyGroups ? kThreads : kSmallThreads;
  launch.grid.x = static_cast<uint32_t>((groups + threads - 1) / threads);
  launch.block.x = static_cast<uint32_t>(threads);
  return launch;
}

}  // namespace tenfold::cuda
