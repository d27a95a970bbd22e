#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>

#include "src/base/hash.h"
#include "src/base/scanner.h"
#include "src/ir/storage.h"

namespace tenfold {

std::string quote_name(const std::string& name) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/';
  };
  bool bare = !name.empty() && name != "_" && !(name[0] >= '0' && name[0] <= '9') &&
              name[0] != '.' && name[0] != '/';
  for (char c : name) bare = bare && word(c);
  return bare ? name : quote(name);
}

bool can_print_elements(DType type) {
  return is_float(type) || is_integer(type) || type == DType::kBool || is_complex(type);
}

Tensor parts_of(const Tensor& tensor) {
  if (!is_complex(tensor.dtype())) return tensor;
  return Tensor::wrap(tensor.dtype() == DType::kC64 ? DType::kF32 : DType::kF64,
                      {2 * tensor.count()}, tensor.data(), std::make_shared<Tensor>(tensor));
}

std::string print_elements(const Tensor& given) {
  const Tensor tensor = parts_of(given);
  std::string out = "[";
  char digits[64];
  for (int64_t k = 0; k < tensor.count(); ++k) {
    if (k) out += ", ";
    std::to_chars_result end{};
    if (tensor.dtype() == DType::kI64) {
      end = std::to_chars(digits, digits + sizeof digits,
                          tensor.as<int64_t>()[static_cast<size_t>(k)]);
    } else if (tensor.dtype() == DType::kU64) {
      end = std::to_chars(digits, digits + sizeof digits,
                          tensor.as<uint64_t>()[static_cast<size_t>(k)]);
    } else if (tensor.dtype() == DType::kF64) {
      end = std::to_chars(digits, digits + sizeof digits, tensor.at(k));
    } else {  // every other type is exact in a float or a 32-bit integer, both exact here
      const double v = tensor.at(k);
      end = is_float(tensor.dtype())
                ? std::to_chars(digits, digits + sizeof digits, static_cast<float>(v))
                : std::to_chars(digits, digits + sizeof digits, static_cast<int64_t>(v));
      if (std::isnan(v)) end.ptr = std::copy_n("nan", 3, digits);
    }
    out.append(digits, end.ptr);
  }
  return out + "]";
}

uint64_t tensor_hash(const Tensor& tensor) {
  return hash64(tensor.data(), static_cast<size_t>(tensor.bytes()));
}

namespace {

class Printer {
 public:
  Printer(const Graph& graph, int64_t inline_elements, int depth)
      : g_(graph),
        inline_elements_(inline_elements),
        indent_(static_cast<size_t>(depth) * 2 + 2, ' ') {
    out_.imbue(std::locale::classic());
  }

  std::string run() {
    header();
    symbols();
    constants();
    for (NodeId id : g_.order()) node(g_.node(id));
    permitted();
    out_ << indent_.substr(2) << "}";
    return out_.str();
  }

 private:
  static std::string list(const std::vector<std::string>& names) {
    std::string text = "[";
    for (size_t k = 0; k < names.size(); ++k) text += (k ? ", " : "") + quote_name(names[k]);
    return text + "]";
  }
  std::string value(ValueId id) const {
    if (!id.valid()) return "_";
    const Value& v = g_.value(id);
    return (v.constant.valid() ? "@" : "") + quote_name(v.name);
  }

  void header() {
    out_ << "graph " << quote_name(g_.name()) << "(";
    const char* comma = "";
    for (ValueId id : g_.inputs()) {
      out_ << comma << value(id) << ": " << g_.type(id).str();
      comma = ", ";
    }
    out_ << ") -> ";
    comma = "";
    for (const GraphOutput& o : g_.outputs()) {
      out_ << comma << quote_name(o.name);
      if (o.name != g_.value(o.value).name || g_.value(o.value).constant.valid())
        out_ << "=" << value(o.value);
      comma = ", ";
    }
    out_ << " {\n";
  }

  void symbols() {
    for (const Symbol& s : g_.symbols()) {
      Symbol plain;
      plain.name = s.name;
      if (s == plain) continue;
      out_ << indent_ << "symbol " << s.name << " in " << s.min << ".." << s.max << " at " << s.tune
           << (s.data_dependent ? " counted" : "") << "\n";
    }
  }

  void constants() {
    for (uint32_t v = 0; v < g_.value_count(); ++v) {
      const Value& value_of = g_.value(ValueId{v});
      if (!value_of.constant.valid() || !g_.storage().alive[v]) continue;
      const Constant& c = g_.constant(value_of.constant);
      if (!c.is_recipe() && !c.source.defined()) continue;  // dropped by remove_unused
      out_ << indent_ << value(ValueId{v}) << " = ";
      if (c.is_recipe()) {
        out_ << c.op << "(";
        for (size_t k = 0; k < c.inputs.size(); ++k)
          out_ << (k ? ", @" : "@") << quote_name(names().at(c.inputs[k].index));
        out_ << ")";
        if (!c.attrs.empty()) out_ << " " << c.attrs.str();
        out_ << " : " << c.type.str() << "\n";
        continue;
      }
      out_ << c.type.str() << " ";
      if (c.source.count() <= inline_elements_ && can_print_elements(c.type.dtype)) {
        out_ << print_elements(c.source);
      } else {
        out_ << "hash(" << hex(tensor_hash(c.source)) << ")";
      }
      out_ << "\n";
    }
  }

  void node(const Node& n) {
    out_ << indent_;
    for (size_t k = 0; k < n.outputs.size(); ++k) out_ << (k ? ", " : "") << value(n.outputs[k]);
    out_ << " = " << n.op << "(";
    for (size_t k = 0; k < n.inputs.size(); ++k) out_ << (k ? ", " : "") << value(n.inputs[k]);
    out_ << ")";
    if (!n.attrs.empty()) out_ << " " << n.attrs.str();
    if (n.name != g_.value(n.outputs.front()).name) out_ << " name=" << quote_name(n.name);
    if (n.sources != std::vector<std::string>{n.name}) out_ << " from=" << list(n.sources);
    out_ << " : ";
    for (size_t k = 0; k < n.outputs.size(); ++k)
      out_ << (k ? ", " : "") << g_.type(n.outputs[k]).str();
    out_ << "\n";
    for (const auto& body : n.graphs)
      out_ << indent_ << "body "
           << Printer(*body, inline_elements_, static_cast<int>(indent_.size() / 2)).run() << "\n";
  }

  void permitted() {
    for (uint32_t v = 0; v < g_.value_count(); ++v) {
      const Value& value_of = g_.value(ValueId{v});
      if (value_of.permitted.empty() || !g_.storage().alive[v]) continue;
      std::vector<std::string> types;
      for (int t = 0; t < kDTypeCount; ++t)
        if (value_of.permitted.contains(static_cast<DType>(t)))
          types.emplace_back(to_string(static_cast<DType>(t)));
      out_ << indent_ << "permit " << value(ValueId{v}) << " " << list(types) << "\n";
    }
  }

  const std::vector<std::string>& names() {
    if (names_.empty()) {
      names_.resize(g_.constant_count());
      for (uint32_t v = 0; v < g_.value_count(); ++v)
        if (g_.value(ValueId{v}).constant.valid())
          names_[g_.value(ValueId{v}).constant.index] = g_.value(ValueId{v}).name;
    }
    return names_;
  }

  const Graph& g_;
  int64_t inline_elements_;
  std::string indent_;
  std::vector<std::string> names_;  // of constants
  std::ostringstream out_;
};

}  // namespace

std::string print(const Graph& graph, int64_t inline_elements) {
  return Printer(graph, inline_elements, 0).run() + "\n";
}

}  // namespace tenfold
