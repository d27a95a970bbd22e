#include "src/pass/common.h"

namespace tenfold {
namespace {

using PassFn = bool (*)(Graph&, const PassOptions&);
struct Pass {
  const char* name;
  PassFn run;
};
constexpr Pass kPipeline[] = {
#define PASS(name) {#name, passes::name},
#include "src/pass/pipeline.def"
#undef PASS
};

// One pass may make work for an earlier one; real graphs settle in two or three rounds.
constexpr int kMaxRounds = 8;

bool run(const Pass& pass, Graph& graph, const PassOptions& options) {
  const bool changed = pass.run(graph, options);
  graph.remove_unused();
  bool check = options.verify;
#ifndef NDEBUG
  check = true;
#endif
  if (check && changed) verify(graph).throw_if_errors(std::string("after pass ") + pass.name);
  if (options.after_each) options.after_each(pass.name, graph);
  return changed;
}

const Pass& find_pass(std::string_view name) {
  for (const Pass& p : kPipeline)
    if (name == p.name) return p;
  const std::string near = nearest_name(name, pass_names());
  throw Error(
      Code::kNotFound, "no pass '" + std::string(name) + "'",
      near.empty() ? std::vector<std::string>{} : std::vector<std::string>{"nearest: " + near});
}

}  // namespace

std::vector<std::string> pass_names() {
  std::vector<std::string> names;
  for (const Pass& p : kPipeline) names.emplace_back(p.name);
  return names;
}

void run_pass(Graph& graph, std::string_view name, const PassOptions& options) {
  run(find_pass(name), graph, options);
}

namespace {

// Inner graphs by themselves: what they are given and what they give back stays as it is.
void canonicalize_bodies(Graph& graph, const PassOptions& options) {
  PassOptions inner = options;
  inner.after_each = {};
  Patch patch(graph);
  for (NodeId id : graph.order()) {
    std::vector<std::shared_ptr<const Graph>> bodies;
    for (const std::shared_ptr<const Graph>& body : graph.node(id).graphs) {
      auto canonical = std::make_shared<Graph>(*body);
      canonicalize(*canonical, inner);
      bodies.push_back(std::move(canonical));
    }
    if (!bodies.empty()) patch.set_graphs(id, std::move(bodies));
  }
  graph.apply(std::move(patch));
}

}  // namespace

void canonicalize(Graph& graph, const PassOptions& options) {
  canonicalize_bodies(graph, options);
  if (!options.stop_after.empty()) find_pass(options.stop_after);
  for (int round = 0; round < kMaxRounds; ++round) {
    bool changed = false;
    for (const Pass& pass : kPipeline) {
      changed = run(pass, graph, options) || changed;
      if (options.stop_after == pass.name) return;
    }
    if (!changed) return;
  }
}

}  // namespace tenfold
