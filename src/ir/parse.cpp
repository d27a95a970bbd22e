#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "src/base/scanner.h"
#include "src/ir/storage.h"

namespace tenfold {
namespace {

constexpr int kMaxBodies = 16;                      // nesting of inner graphs
constexpr int64_t kMaxGenerated = int64_t{1} << 27;  // elements of a random or filled constant

// Standard normal numbers by seed: the same on every machine.
class Normals {
 public:
  explicit Normals(uint64_t seed) : state_(seed * 2 + 1) {}
  double next() {  // the sum of twelve uniforms less six
    double sum = -6;
    for (int k = 0; k < 12; ++k) sum += uniform();
    return sum;
  }

 private:
  double uniform() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  uint64_t state_;
};

class Parser {
 public:
  Parser(std::string_view text, const ConstantResolver& resolve) : text_(text), resolve_(resolve) {}

  Graph run() {
    Graph g = graph(0);
    skip();
    if (pos_ != text_.size()) fail("text follows the graph");
    return g;
  }

 private:
  // The parser adds what a GraphBuilder has no call for: permitted types, recipes, bodies.
  static Graph& graph_of(GraphBuilder& b) { return const_cast<Graph&>(b.graph()); }
  using Names = std::map<std::string, ValueId, std::less<>>;

  // ---- characters
  // ---------------------------------------------------------------------------------
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(Code::kInvalid, "graph text, line " + line_of(pos_) + ": " + reason);
  }
  void skip() {
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      if (c == '#') {
        while (pos_ < text_.size() && text_[pos_] != '\n') ++pos_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++pos_;
      } else {
        return;
      }
    }
  }
  bool accept(std::string_view token) {
    skip();
    if (text_.substr(pos_, token.size()) != token) return false;
    pos_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) fail("expected '" + std::string(token) + "'");
  }
  static bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/';
  }
  std::string_view word() {
    skip();
    const size_t begin = pos_;
    while (pos_ < text_.size() && word_char(text_[pos_])) ++pos_;
    return text_.substr(begin, pos_ - begin);
  }
  bool accept_word(std::string_view wanted) {
    const size_t before = pos_;
    if (word() == wanted) return true;
    pos_ = before;
    return false;
  }
  std::string name() {
    skip();
    if (pos_ < text_.size() && text_[pos_] == '"') {
      const size_t begin = pos_;
      end_of_quoted();
      Scanner scanner(text_.substr(begin, pos_ - begin), "a name");
      return scanner.quoted();
    }
    std::string text(word());
    if (text.empty()) fail("expected a name");
    return text;
  }
  void end_of_quoted() {
    for (++pos_; pos_ < text_.size() && text_[pos_] != '"'; ++pos_)
      if (text_[pos_] == '\\') ++pos_;
    if (pos_ >= text_.size()) fail("a quoted text does not end");
    ++pos_;
  }
  // The text from here to the bracket that closes the one that opens here.
  std::string_view bracketed(char open, char close) {
    skip();
    const size_t begin = pos_;
    if (pos_ >= text_.size() || text_[pos_] != open) fail(std::string("expected '") + open + "'");
    for (int depth = 0; pos_ < text_.size();) {
      const char c = text_[pos_];
      if (c == '"') {
        end_of_quoted();
        continue;
      }
      ++pos_;
      if (c == open) ++depth;
      if (c == close && --depth == 0) return text_.substr(begin, pos_ - begin);
    }
    fail(std::string("no '") + close + "' closes the '" + open + "'");
  }
  int64_t integer() {
    skip();
    int64_t v = 0;
    const auto [end, error] = std::from_chars(text_.data() + pos_, text_.data() + text_.size(), v);
    if (error != std::errc()) fail("expected a whole number");
    pos_ = static_cast<size_t>(end - text_.data());
    return v;
  }
  Type type() {
    skip();
    const size_t begin = pos_;
    while (pos_ < text_.size() && (word_char(text_[pos_]) || text_[pos_] == '(')) ++pos_;
    if (pos_ < text_.size() && text_[pos_] == '[') bracketed('[', ']');
    while (pos_ < text_.size() && text_[pos_] == ')' &&
           std::count(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                      text_.begin() + static_cast<std::ptrdiff_t>(pos_), '(') > closed(begin))
      ++pos_;
    return located([&] { return Type::parse(text_.substr(begin, pos_ - begin)); });
  }
  int64_t closed(size_t begin) const {
    return std::count(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                      text_.begin() + static_cast<std::ptrdiff_t>(pos_), ')');
  }
  // Runs `f`; its errors get the line of the text.
  template <typename F>
  auto located(F f) -> decltype(f()) {
    try {
      return f();
    } catch (const Error& e) {
      throw Error(e.code(), "graph text, line " + line_of(statement_) + ": " + e.what(), e.notes());
    }
  }
  std::string line_of(size_t position) const {
    const auto at = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
    return std::to_string(std::count(text_.begin(), at, '\n') + 1);
  }

  // ---- statements
  // ---------------------------------------------------------------------------------
  Graph graph(int depth) {
    if (depth > kMaxBodies) fail("graphs are nested too deeply");
    skip();
    statement_ = pos_;
    if (!accept_word("graph")) fail("expected 'graph'");
    GraphBuilder b(name());
    Names values, constants;
    expect("(");
    if (!accept(")")) {
      do {
        const std::string input = name();
        expect(":");
        Type t = type();
        if (t.kind != ValueKind::kTensor) fail("only tensors can be inputs");
        values[input] = located([&] { return b.input(input, t.dtype, std::move(t.shape)); });
      } while (accept(","));
      expect(")");
    }
    struct Output {
      std::string name, value;
      bool constant = false;
    };
    std::vector<Output> outputs;
    expect("->");
    do {
      Output o;
      o.value = o.name = name();
      if (accept("=")) {
        o.constant = accept("@");
        o.value = name();
      }
      outputs.push_back(std::move(o));
    } while (accept(","));
    expect("{");
    while (!accept("}")) statement(b, values, constants, depth);
    for (const Output& o : outputs) {
      const ValueId id = find(o.constant ? constants : values, o.value);
      located([&] { b.output(id, o.name); });
    }
    return located([&] { return b.finish(); });
  }

  ValueId find(const Names& names, const std::string& wanted) const {
    auto it = names.find(wanted);
    if (it != names.end()) return it->second;
    std::vector<std::string> all;
    for (const auto& [key, id] : names) all.push_back(key);
    const std::string near = nearest_name(wanted, all);
    fail("no value '" + wanted + "'" + (near.empty() ? "" : ", nearest is '" + near + "'"));
  }

  void statement(GraphBuilder& b, Names& values, Names& constants, int depth) {
    skip();
    if (pos_ >= text_.size()) fail("the graph does not end");
    statement_ = pos_;
    if (accept("@")) return constant(b, constants);
    const size_t before = pos_;
    if (accept_word("symbol") && symbol(b)) return;
    pos_ = before;
    if (accept_word("permit") && permit(b, values, constants)) return;
    pos_ = before;
    if (accept_word("body") && body(b, depth)) return;
    pos_ = before;
    node(b, values, constants);
  }

  bool at_assignment() {  // a node whose output has a keyword's name
    skip();
    return pos_ < text_.size() && (text_[pos_] == '=' || text_[pos_] == ',');
  }

  bool symbol(GraphBuilder& b) {
    if (at_assignment()) return false;
    Symbol s;
    s.name = name();
    if (!accept_word("in")) fail("expected 'in'");
    s.min = integer();
    expect("..");
    s.max = integer();
    if (!accept_word("at")) fail("expected 'at'");
    s.tune = integer();
    s.data_dependent = accept_word("counted");
    if (!is_identifier(s.name)) fail("a symbol's name must be an identifier");
    located([&] { b.symbol(s); });
    return true;
  }

  bool permit(GraphBuilder& b, const Names& values, const Names& constants) {
    if (at_assignment()) return false;
    const bool constant = accept("@");
    const ValueId id = find(constant ? constants : values, name());
    TypeSet set;
    for (const std::string& text : names_in_brackets()) {
      const DType t = parse_dtype(text);
      if (t == DType::kUndefined) fail("unknown element type '" + text + "'");
      set.insert(t);
    }
    graph_of(b).set_permitted(id, set);
    return true;
  }

  bool body(GraphBuilder& b, int depth) {
    if (at_assignment()) return false;
    if (b.graph().order().empty()) fail("a body follows no node");
    auto inner = std::make_shared<const Graph>(graph(depth + 1));
    Graph::Storage& s = graph_of(b).storage();
    s.nodes[s.order.back().index].graphs.push_back(std::move(inner));
    return true;
  }

  std::vector<std::string> names_in_brackets() {
    std::vector<std::string> names;
    expect("[");
    if (accept("]")) return names;
    do names.push_back(name());
    while (accept(","));
    expect("]");
    return names;
  }

  void constant(GraphBuilder& b, Names& constants) {
    const std::string label = name();
    expect("=");
    skip();
    const size_t before = pos_;
    const std::string op(word());
    skip();
    ValueId id;
    if (pos_ < text_.size() && text_[pos_] == '(' && find_op(op)) {
      id = recipe(b, constants, op, label);
    } else {
      pos_ = before;
      const Type t = type();
      if (!is_const(t.shape)) fail("a constant's dimensions must be numbers");
      Tensor value = located([&] { return elements(label, t); });
      if (value.dtype() != t.dtype || to_shape(value.dims()) != t.shape)
        fail("the value given for constant '" + label + "' does not have its type");
      id = located([&] { return b.constant(label, std::move(value)); });
    }
    if (b.graph().value(id).name != label) fail("the name '" + label + "' is taken");
    constants[label] = id;
  }

  ValueId recipe(GraphBuilder& b, const Names& constants, const std::string& op,
                 const std::string& label) {
    std::vector<ValueId> inputs;
    expect("(");
    do {
      expect("@");
      inputs.push_back(find(constants, name()));
    } while (accept(","));
    expect(")");
    Attrs attrs = attributes();
    Graph& g = graph_of(b);
    Patch patch(g);
    const ValueId id = located([&] { return patch.recipe(op, inputs, attrs, label); });
    g.apply(std::move(patch));
    if (accept(":")) check_type(g.type(id), type());
    return id;
  }

  Attrs attributes() {
    skip();
    if (pos_ >= text_.size() || text_[pos_] != '{') return {};
    const std::string_view text = bracketed('{', '}');
    return located([&] { return Attrs::parse(text); });
  }

  Tensor elements(const std::string& label, const Type& t) {
    const Extents dims = const_extents(t.shape);
    if (accept_word("hash")) {
      bracketed('(', ')');
      if (!resolve_) throw Error(Code::kNotFound, "constant '" + label + "' is not in the text");
      return resolve_(label, t);
    }
    const int64_t count = element_count(dims);
    if (count > kMaxGenerated)
      throw Error(Code::kResource, "constant '" + label + "' is too large");
    if (!can_print_elements(t.dtype)) fail("elements of this type cannot be spelt");
    Tensor tensor(t.dtype, dims);
    if (accept_word("random")) {
      expect("(");
      Normals normals(static_cast<uint64_t>(integer()));
      expect(")");
      for (int64_t k = 0; k < count; ++k)
        store_element(t.dtype, tensor.mutable_data(), k, normals.next());
      return tensor;
    }
    if (accept_word("fill")) {
      Tensor one(t.dtype, {1});
      expect("(");
      element(one, 0);
      expect(")");
      for (int64_t k = 0; k < count; ++k)
        store_element(t.dtype, tensor.mutable_data(), k, one.at(0));
      return tensor;
    }
    expect("[");
    for (int64_t k = 0; k < count; ++k) {
      if (k) expect(",");
      element(tensor, k);
    }
    expect("]");
    return tensor;
  }

  void element(Tensor& tensor, int64_t k) {
    skip();
    const char* begin = text_.data() + pos_;
    const char* end = text_.data() + text_.size();
    const size_t at = static_cast<size_t>(k);
    std::from_chars_result read{begin, std::errc::invalid_argument};
    if (tensor.dtype() == DType::kI64) {
      read = std::from_chars(begin, end, tensor.as_mutable<int64_t>()[at]);
    } else if (tensor.dtype() == DType::kU64) {
      read = std::from_chars(begin, end, tensor.as_mutable<uint64_t>()[at]);
    } else {
      double v = 0;
      read = std::from_chars(begin, end, v);
      if (read.ec == std::errc()) store_element(tensor.dtype(), tensor.mutable_data(), k, v);
    }
    if (read.ec != std::errc()) fail("expected a number");
    pos_ = static_cast<size_t>(read.ptr - text_.data());
  }

  void check_type(const Type& inferred, const Type& given) const {
    if (!(inferred == given))
      fail("the type is " + inferred.str() + ", the text says " + given.str());
  }

  void node(GraphBuilder& b, Names& values, const Names& constants) {
    std::vector<std::string> outputs;
    do outputs.push_back(name());
    while (accept(","));
    expect("=");
    const std::string op = name();
    std::vector<ValueId> inputs;
    expect("(");
    if (!accept(")")) {
      do {
        const bool constant = accept("@");
        if (!constant && accept_word("_")) {
          inputs.push_back(kNoValue);
          continue;
        }
        inputs.push_back(find(constant ? constants : values, name()));
      } while (accept(","));
      expect(")");
    }
    Attrs attrs = attributes();
    std::string label = outputs.front();
    const bool named = accept_word("name");
    if (named) {
      expect("=");
      label = name();
    }
    const bool given = accept_word("from");
    std::vector<std::string> sources;
    if (given) {
      expect("=");
      sources = names_in_brackets();
    }
    const int count = static_cast<int>(outputs.size());
    const std::vector<ValueId> made = located(
        [&] { return b.nodes(op, std::move(inputs), count, std::move(attrs), label, sources); });
    Graph::Storage& s = graph_of(b).storage();
    Node& n = s.nodes[s.order.back().index];
    if (n.name != label) fail("the node name '" + label + "' is taken");
    if (given) n.sources = sources;
    for (size_t k = 0; k < made.size(); ++k) {
      if (values.count(outputs[k]) || constants.count(outputs[k]))
        fail("the name '" + outputs[k] + "' is taken");
      located([&] { b.name_value(made[k], outputs[k]); });
      values[outputs[k]] = made[k];
    }
    if (!accept(":")) return;
    for (size_t k = 0; k < made.size(); ++k) {
      if (k) expect(",");
      check_type(b.type(made[k]), type());
    }
  }

  std::string_view text_;
  const ConstantResolver& resolve_;
  size_t pos_ = 0;
  size_t statement_ = 0;  // where the statement began: errors of its meaning name that line
};

}  // namespace

Graph parse_graph(std::string_view text, const ConstantResolver& resolve) {
  return Parser(text, resolve).run();
}

}  // namespace tenfold
