// From input shapes to symbols, program and output shapes.
#include <algorithm>

#include "src/runtime/bound.h"

namespace tenfold {

namespace {

[[noreturn]] void bad(const Binding& b, const Extents& dims) {
  throw Error(Code::kInvalid, "input '" + b.name + "' cannot be [" + str(to_shape(dims)) +
                                  "]: it is " + b.type.str());
}

// The name when the dim is a symbol by itself.
std::string symbol_of(const Dim& dim) {
  std::vector<std::string> names;
  dim.collect_symbols(names);
  return names.size() == 1 && dim == Dim::symbol(names[0]) ? names[0] : std::string();
}

void solve_input(const Binding& b, const Extents& dims, SymbolValues& symbols) {
  if (dims.size() != b.type.shape.size()) bad(b, dims);
  for (size_t k = 0; k < dims.size(); ++k) {
    if (dims[k] < 0) bad(b, dims);
    const std::string name = symbol_of(b.type.shape[k]);
    if (name.empty()) continue;
    const int64_t* known = symbols.find(name);
    if (known == nullptr)
      symbols.set(name, dims[k]);
    else if (*known != dims[k])
      throw Error(Code::kInvalid, "input '" + b.name + "' sets " + name + " to " +
                                      std::to_string(dims[k]) + ", another input to " +
                                      std::to_string(*known));
  }
}

bool holds(const Program& program, const SymbolValues& symbols) {
  return std::all_of(program.symbols.begin(), program.symbols.end(), [&](const Symbol& s) {
    const int64_t* value = symbols.find(s.name);
    return s.data_dependent || (value != nullptr && *value >= s.min && *value <= s.max);
  });
}

// The size of what the guard lets through, symbol by symbol.
double width(const Program& program) {
  double product = 1;
  for (const Symbol& s : program.symbols)
    product *= static_cast<double>(s.max) - static_cast<double>(s.min) + 1;
  return product;
}

std::string guard(const Program& program) {
  std::string out;
  for (const Symbol& s : program.symbols)
    out += (out.empty() ? "" : ", ") + s.name + " from " + std::to_string(s.min) + " to " +
           std::to_string(s.max);
  return out.empty() ? "fixed sizes" : out;
}

size_t choose_program(const Section& section, const std::vector<bool>& called,
                      const SymbolValues& symbols) {
  size_t best = section.programs.size();
  for (size_t k = 0; k < section.programs.size(); ++k)
    if (!called[k] && holds(section.programs[k], symbols) &&
        (best == section.programs.size() ||
         width(section.programs[k]) < width(section.programs[best])))
      best = k;
  if (best != section.programs.size()) return best;
  std::string asked;
  for (const auto& [name, value] : symbols.list())
    asked += (asked.empty() ? "" : ", ") + name + " = " + std::to_string(value);
  std::vector<std::string> notes;
  for (size_t k = 0; k < section.programs.size(); ++k)
    if (!called[k]) notes.push_back("it has a program for " + guard(section.programs[k]));
  throw Error(Code::kInvalid, "the plan has no program for " + (asked.empty() ? "this" : asked),
              std::move(notes));
}

}  // namespace

ShapeSolution solve_shapes(const Section& section, const std::vector<bool>& called,
                           const std::vector<std::optional<Extents>>& input_dims) {
  ShapeSolution out;
  for (size_t k = 0; k < section.bindings.size(); ++k) {
    const Binding& b = section.bindings[k];
    if (!b.is_input) continue;
    if (input_dims[k].has_value())
      solve_input(b, *input_dims[k], out.symbols);
    else if (!is_const(b.type.shape))
      throw Error(Code::kInvalid,
                  "the shape of input '" + b.name + "' is not set: it is " + b.type.str());
  }
  out.program = choose_program(section, called, out.symbols);
  for (const Symbol& s : section.programs[out.program].symbols)
    if (s.data_dependent && out.symbols.find(s.name) == nullptr) out.symbols.set(s.name, s.max);
  for (size_t k = 0; k < section.bindings.size(); ++k) {
    const Binding& b = section.bindings[k];
    out.dims.push_back(checked_extents(b.type.shape, out.symbols, b.name));
    if (b.is_input && input_dims[k].has_value() && out.dims[k] != *input_dims[k])
      bad(b, *input_dims[k]);
    out.bytes.push_back(storage_bytes(b.format, out.dims[k]));
  }
  return out;
}

}  // namespace tenfold
