// Which values of a bound shape can be read.
#include "src/runtime/context_impl.h"

namespace tenfold {

namespace {

void collect(const Engine::Impl& engine, const Bound& bound, const std::string& prefix,
             std::vector<TapAt>& list) {
  const Program& program = engine.section->programs[bound.shapes.program];
  for (const Tap& tap : program.taps) {
    // What a called program is given is the caller's, who goes on with it.
    const ValueRef root = root_of(program, tap.value);
    const bool given = bound.is_called && root.kind == ValueRef::Kind::kBinding &&
                       bound.parameters[root.index].is_input;
    if (!given) list.push_back({prefix + tap.name, &bound, &tap});
  }
  for (size_t k = 0; k < bound.callees.size(); ++k)
    for (const std::unique_ptr<Bound>& callee : bound.callees[k])
      collect(engine, *callee, prefix + program.steps[k].name + "/", list);
}

}  // namespace

std::vector<TapAt> taps_of(const Engine::Impl& engine, const Bound& bound) {
  std::vector<TapAt> list;
  collect(engine, bound, {}, list);
  return list;
}

}  // namespace tenfold
