#include <algorithm>

#include "src/ir/storage.h"

namespace tenfold {
namespace {

std::string kind_of(const Attr& a) {
  static const char* const kKinds[] = {"i", "f", "s", "ints", "floats", "strings"};
  return kKinds[a.index()];
}

bool kind_fits(const std::string& wanted, const Attr& a) {
  const std::string have = kind_of(a);
  if (wanted == have) return true;
  if (wanted == "f") return have == "i";
  if (wanted == "floats") return have == "ints";
  // An empty list has no element to tell its kind.
  if (wanted == "strings") return have == "ints" && std::get<std::vector<int64_t>>(a).empty();
  return false;
}

std::string place(const std::string& name, const std::string& op) {
  return "node '" + name + "' (" + op + "): ";
}

void check_inputs(const Op& def, const std::string& at, size_t inputs,
                  const std::vector<bool>& absent) {
  size_t least = 0;
  const bool variadic = !def.inputs.empty() && def.inputs.back().variadic;
  for (size_t k = 0; k < def.inputs.size(); ++k)
    if (!def.inputs[k].optional) least = k + 1;
  const std::string range = variadic                     ? std::to_string(least) + " or more"
                            : least == def.inputs.size() ? std::to_string(least)
                                                         : std::to_string(least) + " to " +
                                                               std::to_string(def.inputs.size());
  if (inputs < least || (!variadic && inputs > def.inputs.size()))
    throw Error(Code::kInvalid, at + "takes " + range + " inputs, got " + std::to_string(inputs));
  for (size_t k = 0; k < inputs; ++k) {
    const Op::Slot& slot = def.inputs[std::min(k, def.inputs.size() - 1)];
    if (absent[k] && !slot.optional)
      throw Error(Code::kInvalid, at + "input '" + slot.name + "' is missing");
  }
}

void check_outputs(const Op& def, const std::string& at, int outputs) {
  int least = 0;
  const bool variadic = !def.outputs.empty() && def.outputs.back().variadic;
  for (size_t k = 0; k < def.outputs.size(); ++k)
    if (!def.outputs[k].optional) least = static_cast<int>(k) + 1;
  if (outputs < least || (!variadic && outputs > static_cast<int>(def.outputs.size())))
    throw Error(Code::kInvalid, at + "cannot have " + std::to_string(outputs) + " outputs");
}

void check_attrs(const Op& def, const std::string& at, const Attrs& attrs) {
  for (const auto& [key, attr] : attrs.map()) {
    const Op::AttrSlot* slot = nullptr;
    std::vector<std::string> names;
    for (const Op::AttrSlot& s : def.attrs) {
      names.push_back(s.name);
      if (s.name == key) slot = &s;
    }
    if (!slot) {
      const std::string near = nearest_name(key, names);
      throw Error(
          Code::kInvalid, at + "has no attribute '" + key + "'",
          near.empty() ? std::vector<std::string>{} : std::vector<std::string>{"nearest: " + near});
    }
    if (!kind_fits(slot->kind, attr))
      throw Error(Code::kInvalid, at + "attribute '" + key + "' has kind " + kind_of(attr) +
                                      ", wants " + slot->kind);
  }
  for (const Op::AttrSlot& s : def.attrs)
    if (s.required && !attrs.has(s.name))
      throw Error(Code::kInvalid, at + "attribute '" + s.name + "' is missing");
}

}  // namespace

const Op& check_schema(const std::string& op, const std::string& name, size_t inputs, int outputs,
                       const Attrs& attrs, const std::vector<bool>& absent, size_t graphs) {
  const std::string at = place(name, op);
  const Op* def = find_op(op);
  if (!def) {
    const std::string near = nearest_name(op, op_names());
    throw Error(
        Code::kUnsupported, at + "unknown op",
        near.empty() ? std::vector<std::string>{} : std::vector<std::string>{"nearest: " + near});
  }
  check_inputs(*def, at, inputs, absent);
  check_outputs(*def, at, outputs);
  check_attrs(*def, at, attrs);
  if (graphs != static_cast<size_t>(def->graphs))
    throw Error(Code::kInvalid, at + "takes " + std::to_string(def->graphs) +
                                    " inner graphs, got " + std::to_string(graphs));
  return *def;
}

std::vector<Type> infer_node(const Op& def, const std::string& name, const InferContext& context) {
  std::vector<Type> types;
  try {
    types = def.infer(context);
  } catch (const Error& e) {
    throw Error(e.code(), place(name, def.name) + e.what(), e.notes());
  }
  if (static_cast<int>(types.size()) != context.outputs)
    throw Error(Code::kInternal, place(name, def.name) + "its shape rule gives " +
                                     std::to_string(types.size()) + " types for " +
                                     std::to_string(context.outputs) + " outputs");
  for (const Type& t : types)
    for (const Dim& d : t.shape)
      if (d.is_const() && d.value() < 0)
        throw Error(Code::kInvalid, place(name, def.name) +
                                        "its output would have a negative dimension: " + t.str());
  return types;
}

std::vector<const Graph*> bodies_of(const Node& node) {
  std::vector<const Graph*> bodies;
  for (const std::shared_ptr<const Graph>& g : node.graphs) bodies.push_back(g.get());
  return bodies;
}

void declare_counts(Graph::Storage& s, const std::string& name,
                    const std::vector<Op::Count>& counts) {
  SymbolValues largest;
  for (const Symbol& known : s.symbols) largest.set(known.name, known.max);
  for (const Op::Count& count : counts) {
    Symbol* found = nullptr;
    for (Symbol& known : s.symbols)
      if (known.name == count.symbol) found = &known;
    if (found && found->data_dependent) continue;  // with a bound of its own
    for (const ValueId input : s.inputs)
      for (const Dim& d : s.values[input.index].declared.shape) {
        std::vector<std::string> used;
        d.collect_symbols(used);
        if (std::find(used.begin(), used.end(), count.symbol) != used.end())
          throw Error(Code::kInvalid, "node '" + name + "': '" + count.symbol +
                                          "' is a size of the inputs, not one that it counts");
      }
    Symbol symbol;
    symbol.name = count.symbol;
    symbol.max = symbol.tune = std::max<int64_t>(count.bound.eval(largest), 0);
    symbol.data_dependent = true;
    if (found)
      *found = std::move(symbol);
    else
      s.symbols.push_back(std::move(symbol));
  }
}

}  // namespace tenfold
