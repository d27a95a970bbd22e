#include <map>

#include "src/base/scanner.h"
#include "src/ir/reader.h"
#include "src/ir/storage.h"

namespace tenfold {
namespace {

constexpr int kMaxBodies = 16;                      // nesting of inner graphs

class Parser : private Reader {
 public:
  Parser(std::string_view text, const ConstantResolver& resolve)
      : Reader(text), resolve_(resolve) {}

  Graph run() {
    Graph g = graph(0);
    skip();
    if (!at_end()) fail("text follows the graph");
    return g;
  }

 private:
  // The parser adds what a GraphBuilder has no call for: permitted types, recipes, bodies.
  static Graph& graph_of(GraphBuilder& b) { return const_cast<Graph&>(b.graph()); }
  using Names = std::map<std::string, ValueId, std::less<>>;

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
    if (at_end()) fail("the graph does not end");
    statement_ = pos_;
    if (accept("@")) return constant(b, constants);
    const size_t before = pos_;
    if (accept_word("symbol") && symbol(b)) return;
    pos_ = before;
    if (accept_word("permit") && permit(b, values, constants)) return;
    pos_ = before;
    if (accept_word("body") && !at_assignment()) fail("a body follows no node");
    pos_ = before;
    node(b, values, constants, depth);
  }

  bool at_assignment() {  // a node whose output has a keyword's name
    skip();
    return at('=') || at(',');
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

  // "body graph ..." behind a node, as often as it has bodies.
  std::vector<std::shared_ptr<const Graph>> bodies(int depth) {
    std::vector<std::shared_ptr<const Graph>> graphs;
    for (;;) {
      const size_t before = pos_;
      if (!accept_word("body") || at_assignment()) {
        pos_ = before;
        return graphs;
      }
      const size_t statement = statement_;
      graphs.push_back(std::make_shared<const Graph>(graph(depth + 1)));
      statement_ = statement;
    }
  }

  void constant(GraphBuilder& b, Names& constants) {
    const std::string label = name();
    expect("=");
    skip();
    const size_t before = pos_;
    const std::string op(word());
    skip();
    ValueId id;
    if (at('(') && find_op(op)) {
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
    if (!at('{')) return {};
    const std::string_view text = bracketed('{', '}');
    return located([&] { return Attrs::parse(text); });
  }

  Tensor elements(const std::string& label, const Type& t) {
    if (!accept_word("hash")) return literal(t);
    bracketed('(', ')');
    if (!resolve_) throw Error(Code::kNotFound, "constant '" + label + "' is not in the text");
    return resolve_(label, t);
  }

  void check_type(const Type& inferred, const Type& given) const {
    if (!(inferred == given))
      fail("the type is " + inferred.str() + ", the text says " + given.str());
  }

  void node(GraphBuilder& b, Names& values, const Names& constants, int depth) {
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
    std::vector<Type> types;
    if (accept(":")) {
      do types.push_back(type());
      while (types.size() < outputs.size() && accept(","));
      if (types.size() < outputs.size()) fail("expected ','");
    }
    std::vector<std::shared_ptr<const Graph>> graphs = bodies(depth);
    const std::vector<ValueId> made = located([&] {
      return b.flow(op, std::move(inputs), std::move(graphs), count, std::move(attrs), label,
                    sources);
    });
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
    for (size_t k = 0; k < types.size(); ++k) check_type(b.type(made[k]), types[k]);
  }

  const ConstantResolver& resolve_;
};

}  // namespace

Graph parse_graph(std::string_view text, const ConstantResolver& resolve) {
  return Parser(text, resolve).run();
}

}  // namespace tenfold
