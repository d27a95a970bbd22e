#include "src/pass/common.h"

#include <algorithm>
#include <set>

namespace tenfold::passes {

void commit(Graph& graph, Patch&& patch) {
  graph.apply(std::move(patch));
  graph.remove_unused();
}

const Node* producer_of(const Graph& graph, ValueId value, std::string_view op) {
  if (!value.valid() || !graph.value(value).producer.valid()) return nullptr;
  const Node& node = graph.node(graph.value(value).producer);
  return op.empty() || node.op == op ? &node : nullptr;
}

bool is_constant(const Graph& graph, ValueId value) {
  return value.valid() && graph.value(value).constant.valid();
}

bool used_once(const Graph& graph, ValueId value) {
  const std::vector<NodeId> users = graph.uses(value);
  if (users.size() != 1 || graph.is_output(value)) return false;
  const std::vector<ValueId>& inputs = graph.node(users[0]).inputs;
  return std::count(inputs.begin(), inputs.end(), value) == 1;
}

std::optional<double> uniform_value(const Graph& graph, ValueId value) {
  constexpr int64_t kLargest = 1 << 16;
  const Constant* c = graph.constant_of(value);
  if (!c || !c->source.defined()) return std::nullopt;
  if (!is_float(c->type.dtype) && !is_integer(c->type.dtype)) return std::nullopt;
  const int64_t count = c->source.count();
  if (count < 1 || count > kLargest) return std::nullopt;
  const double first = c->source.at(0);
  for (int64_t k = 1; k < count; ++k)
    if (c->source.at(k) != first) return std::nullopt;
  return first == first ? std::optional<double>(first) : std::nullopt;
}

std::vector<std::string> merge(std::vector<std::string> a, const std::vector<std::string>& b) {
  for (const std::string& name : b)
    if (std::find(a.begin(), a.end(), name) == a.end()) a.push_back(name);
  return a;
}

std::vector<std::string> sources_of(const std::vector<const Node*>& nodes) {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const Node* node : nodes)
    for (const std::string& name : node->sources)
      if (seen.insert(name).second) names.push_back(name);
  return names;
}

Attrs reshape_attrs(const Shape& from, const Shape& to) {
  std::vector<int64_t> numbers;
  std::vector<std::string> texts;
  int inferred = 0;
  bool zero = false;
  for (size_t k = 0; k < to.size(); ++k) {
    texts.push_back(to[k].str());
    if (to[k].is_const()) {
      numbers.push_back(to[k].value());
      zero = zero || to[k].value() == 0;
    } else if (k < from.size() && from[k] == to[k]) {
      numbers.push_back(0);
    } else {
      numbers.push_back(-1);
      ++inferred;
    }
  }
  Attrs attrs;
  if (inferred == 0 && !zero) {
    attrs.set("shape", std::move(numbers));
    return attrs;
  }
  if (inferred == 1 && !zero) {
    // -1 serves where the shape rule finds the same dimension.
    attrs.set("shape", std::move(numbers));
    try {
      const InferContext context{
          attrs, {Type{ValueKind::kTensor, DType::kF32, from}}, {nullptr}, 1};
      if (find_op("Reshape")->infer(context).front().shape == to) return attrs;
    } catch (const Error&) {  // not provable: the dimensions are spelt out
    }
    attrs.erase("shape");
  }
  attrs.set("dims", std::move(texts));
  return attrs;
}

ValueId reshape_constant(Patch& patch, ValueId constant, const Shape& from, const Shape& to) {
  return from == to ? constant : patch.recipe("Reshape", {constant}, reshape_attrs(from, to));
}

}  // namespace tenfold::passes
