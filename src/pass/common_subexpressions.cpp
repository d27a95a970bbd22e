// Equal constants are one constant (by bytes, or by recipe), equal nodes of equal inputs one node.
#include <cstring>
#include <unordered_map>

#include "src/base/hash.h"
#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

class Merger {
 public:
  explicit Merger(Graph& graph) : graph_(graph), patch_(graph) {}

  bool run() {
    std::vector<ValueId> constants;
    std::vector<uint8_t> seen(graph_.value_count(), 0);
    for (NodeId id : graph_.order())
      for (ValueId v : graph_.node(id).inputs) add_constant(v, seen, constants);
    for (ValueId v : constants) constant(v);
    for (NodeId id : graph_.order()) node(graph_.node(id));
    if (patch_.empty()) return false;
    commit(graph_, std::move(patch_));
    return true;
  }

 private:
  void add_constant(ValueId v, std::vector<uint8_t>& seen, std::vector<ValueId>& list) const {
    if (!v.valid() || seen[v.index] || !graph_.value(v).constant.valid()) return;
    seen[v.index] = 1;
    list.push_back(v);
  }

  ValueId now(ValueId v) const {
    auto it = v.valid() ? by_.find(v.index) : by_.end();
    return it == by_.end() ? v : ValueId{it->second};
  }

  void merge_values(ValueId old_value, ValueId by) {
    by_[old_value.index] = by.index;
    patch_.replace(old_value, by);
  }

  // Equal text: equal constants (sources but for bytes in their middle).
  std::string constant_key(const Constant& c) const {
    std::string key = c.type.str();
    if (!c.is_recipe()) return key + " " + std::to_string(hash_of_ends(c.source));
    key += " " + c.op + c.attrs.str();
    for (ConstantId input : c.inputs) key += " " + std::to_string(input.index);
    return key;
  }

  void constant(ValueId v) {
    const Constant& c = graph_.constant(graph_.value(v).constant);
    if (!c.is_recipe() && c.type.dtype == DType::kString) return;
    auto& same = constants_[constant_key(c)];
    for (ValueId other : same) {
      const Constant& o = graph_.constant(graph_.value(other).constant);
      if (!c.is_recipe() && !same_bytes(c.source, o.source)) continue;
      if (graph_.value(v).permitted == graph_.value(other).permitted) return merge_values(v, other);
    }
    same.push_back(v);
  }

  static uint64_t hash_of_ends(const Tensor& t) {
    constexpr size_t kPart = 4096;
    const std::string_view bytes(static_cast<const char*>(t.data()),
                                 static_cast<size_t>(t.bytes()));
    if (bytes.size() <= 2 * kPart) return hash64(bytes);
    return hash64(bytes.substr(0, kPart)) * 31 + hash64(bytes.substr(bytes.size() - kPart));
  }

  static bool same_bytes(const Tensor& a, const Tensor& b) {
    return a.data() == b.data() ||
           std::memcmp(a.data(), b.data(), static_cast<size_t>(a.bytes())) == 0;
  }

  void node(const Node& n) {
    if (!n.graphs.empty()) return;
    std::string key = n.op + n.attrs.str() + "/" + std::to_string(n.outputs.size());
    for (ValueId v : n.inputs) key += " " + std::to_string(now(v).index);
    for (ValueId v : n.outputs) key += " " + std::to_string(graph_.value(v).permitted.bits());
    const auto [it, first] = nodes_.emplace(key, n.outputs);
    if (first) return;
    for (size_t k = 0; k < n.outputs.size(); ++k)  // outputs of the graph stay values of their own
      if (graph_.is_output(n.outputs[k])) return;
    for (size_t k = 0; k < n.outputs.size(); ++k) merge_values(n.outputs[k], it->second[k]);
  }

  Graph& graph_;
  Patch patch_;
  std::unordered_map<uint32_t, uint32_t> by_;
  std::unordered_map<std::string, std::vector<ValueId>> constants_;
  std::unordered_map<std::string, std::vector<ValueId>> nodes_;
};

}  // namespace

bool common_subexpressions(Graph& graph, const PassOptions&) { return Merger(graph).run(); }

}  // namespace tenfold::passes
