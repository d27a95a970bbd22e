#include <map>
#include <mutex>
#include <shared_mutex>

#include "tenfold/graph.h"

namespace tenfold {
namespace ops {
#define OP(Name) Op op_##Name();
#include "src/op/ops.def"
#undef OP
}  // namespace ops

namespace {

struct Registry {
  std::shared_mutex mutex;
  std::map<std::string, std::unique_ptr<Op>, std::less<>> defs;  // pointers handed out stay valid
  Registry() {
#define OP(Name) defs.emplace(#Name, std::make_unique<Op>(ops::op_##Name()));
#include "src/op/ops.def"
#undef OP
  }
};

Registry& registry() {
  static Registry r;
  return r;
}

}  // namespace

const Op* find_op(std::string_view name) {
  Registry& r = registry();
  std::shared_lock lock(r.mutex);
  auto it = r.defs.find(name);
  return it == r.defs.end() ? nullptr : it->second.get();
}

std::vector<std::string> op_names() {
  Registry& r = registry();
  std::shared_lock lock(r.mutex);
  std::vector<std::string> names;
  for (const auto& [name, def] : r.defs) names.push_back(name);
  return names;
}

void register_op(Op def) {
  if (def.name.empty() || !def.infer || def.outputs.empty())
    throw Error(Code::kInvalid, "op '" + def.name + "' lacks a name, an output or a shape rule");
  Registry& r = registry();
  std::unique_lock lock(r.mutex);
  const std::string name = def.name;
  if (!r.defs.emplace(name, std::make_unique<Op>(std::move(def))).second)
    throw Error(Code::kInvalid, "op '" + name + "' exists already");
}

}  // namespace tenfold
