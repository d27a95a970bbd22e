#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {

bool is_one(const Dim& dim) { return dim.is_const() && dim.value() == 1; }

int inner_axis(const Operand& operand) {
  const int rank = static_cast<int>(operand.dims.size());
  if (operand.format.layout.kind == Layout::Kind::kChannelsLast && rank >= 2) return 1;
  return rank - 1;
}

bool is_padded(const Operand& operand) {
  const Layout& layout = operand.format.layout;
  if (layout.kind != Layout::Kind::kChannelsLast || layout.pad <= 1 || operand.dims.size() < 2)
    return false;
  return !operand.dims[1].is_const() || operand.dims[1].value() % layout.pad != 0;
}

int64_t inner_extent(const Operand& operand) {
  const int axis = inner_axis(operand);
  if (axis < 0) return 1;
  const Dim& dim = operand.dims[static_cast<size_t>(axis)];
  if (!dim.is_const()) return 0;
  if (operand.format.enclosing > 0 && axis == 1) return operand.format.enclosing;
  if (!is_padded(operand)) return dim.value();
  const int64_t pad = operand.format.layout.pad;
  return (dim.value() + pad - 1) / pad * pad;
}

bool unit_stride(const Operand& operand, int axis) {
  if (axis < 0) return false;
  if (axis == inner_axis(operand)) return true;
  if (operand.format.layout.kind != Layout::Kind::kLinear || operand.format.enclosing > 0)
    return false;
  for (size_t k = static_cast<size_t>(axis) + 1; k < operand.dims.size(); ++k)
    if (!is_one(operand.dims[k])) return false;
  return true;
}

bool same_places(const Operand& a, const Operand& b) {
  return a.dims == b.dims && a.format.layout == b.format.layout &&
         a.format.enclosing == b.format.enclosing;
}

std::string offset_code(const Operand& operand, const std::string& name,
                        const std::vector<std::string>& coordinates) {
  std::string code;
  for (size_t k = 0; k < coordinates.size(); ++k) {
    if (coordinates[k].empty()) continue;
    if (!code.empty()) code += " + ";
    code += "(" + coordinates[k] + ")";
    if (!unit_stride(operand, static_cast<int>(k)))
      code += " * P." + name + "_s" + std::to_string(k);
  }
  return code.empty() ? "0" : code;
}

void add_strides(ParamList& list, const std::string& name, const Operand& closed,
                 const Operand& bound) {
  const Extents strides = strides_of(bound.format, const_extents(bound.dims));
  for (size_t k = 0; k < strides.size(); ++k)
    if (!unit_stride(closed, static_cast<int>(k)))
      list.add(name + "_s" + std::to_string(k), strides[k]);
}

std::vector<std::string> broadcast_coordinates(const Operand& input, size_t output_rank) {
  const size_t rank = input.dims.size();
  std::vector<std::string> coordinates(rank);
  for (size_t k = 0; k < rank; ++k)
    if (!is_one(input.dims[k]) && output_rank >= rank)
      coordinates[k] = "o.d[" + std::to_string(output_rank - rank + k) + "]";
  return coordinates;
}

}  // namespace tenfold::cuda
