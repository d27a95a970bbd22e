#include "backends/cuda/gen/lane_text.h"

#include <algorithm>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {
namespace {

std::string str(int64_t n) { return std::to_string(n); }

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

}  // namespace

bool LaneText::guarded() const { return shape.flat || is_padded(p.outputs[0]); }

bool LaneText::covers(const Operand& in) const {
  return !guarded() || inner_extent(in) >= inner_extent(p.outputs[0]);
}

std::string LaneText::anchor_loaders() const {
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
                         anchor.aligned_lanes && covers(in), guarded());
    text += "}\n";
  }
  return text;
}

std::string LaneText::ahead_struct() const {
  std::string text = "struct Ahead {\n";
  for (const int k : p.expr.loads())
    text += "  " + device_type(p.inputs[static_cast<size_t>(k)].format.dtype) + " l" + str(k) +
            "[V];\n";
  return text + "};\n";
}

std::string LaneText::ahead_values() const {
  std::string text;
  for (const int k : p.expr.loads())
    text += "  real l" + str(k) + "[V];\n  _Pragma(\"unroll\") for (int v = 0; v < V; ++v) l" +
            str(k) + "[v] = widen<real>(ahead.l" + str(k) + "[v]);\n";
  return text;
}

std::string LaneText::expr_loads(bool ahead) const {
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
    std::string offset =
        same_places(in, p.outputs[0]) ? "o.at"
        : scalar                      ? "0"
                 : offset_code(in, name, broadcast_coordinates(in, p.outputs[0].dims.size()));
    if (fixed)
      text += "    const real same = widen<real>(reinterpret_cast<const " +
              device_type(in.format.dtype) + "*>(in" + str(k) + ")[" + offset +
              "]);\n    _Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + target +
              "[v] = same;\n";
    else if (shape.flat)
      text += flat_load(in, name, target);
    else
      text += load_lanes(in, name, offset, target, shape.lanes, lane, name, covers(in), guarded());
    text += "  }\n";
  }
  return text;
}

std::string LaneText::flat_load(const Operand& in, const std::string& name,
                                const std::string& target) const {
  const std::string type = device_type(in.format.dtype);
  return "    const " + type + "* at = reinterpret_cast<const " + type + "*>(" + name +
         ") + o.at;\n    if (o.valid == V) load_pack<" + type + ", V>(at, " + target +
         ");\n    else _Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + target +
         "[v] = v < o.valid ? widen<real>(at[v]) : (real)0;\n";
}

std::string LaneText::own_offset() const {
  std::vector<std::string> own(static_cast<size_t>(rank));
  for (int k = 0; k < rank; ++k) own[static_cast<size_t>(k)] = "o.d[" + str(k) + "]";
  return "o.at = " + offset_code(p.outputs[0], "out0", own) + ";\n";
}

std::string LaneText::stores() const {
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
    const std::string scalar = "_Pragma(\"unroll\") for (int v = 0; v < V; ++v) " + guard + "at[" +
                               stride + "] = narrow<" + type + ">(" + r + "[v]);\n";
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

}  // namespace tenfold::cuda
