// What no row does: branches, loops and sizes as values become steps of the runtime, inner graphs
// become programs that they call (docs/adr/0011).
#pragma once

#include <functional>

#include "src/compile/choice.h"
#include "src/compile/constants.h"

namespace tenfold::select {

bool is_flow(std::string_view op);

// The only Offer of such a node: no row, values as the graph has them.
Offer flow_offer(const Graph& graph, NodeId node, const std::vector<Symbol>& symbols);

// The step without its operands and programs.
Step flow_step(const Graph& graph, NodeId node);

// Steps compute all of the room that a size counted at run time has, so no element within the size
// may depend on what lies behind it. Error{kUnsupported} names the node that would.
void check_counts(const Graph& graph, NodeId node);

// Programs of inner graphs. Emitting is the caller's: `emit` makes a profile's program.
class BodyPrograms {
 public:
  using Emit =
      std::function<Program(const Choice& choice, Selected& selected, ConstantTable& constants,
                            const std::vector<Binding>& bindings)>;
  BodyPrograms(const Target& target, const CompileOptions& options, Costs& costs,
               std::vector<std::string>& remarks, bool evaluate, Emit emit);
  // Appends what the steps of section.programs[program], made of `graph`, call.
  void add(const Graph& graph, size_t program, Section& section);
  // Appends the constants of all of them to the section's.
  void finish(Section& section);

 private:
  size_t compile_body(const Graph& body, const std::vector<Symbol>& symbols, Section& section);

  const Target& target_;
  const CompileOptions& options_;
  Costs& costs_;
  std::vector<std::string>& remarks_;
  const bool evaluate_;
  Emit emit_;
  struct Made {
    size_t program = 0;
    std::unique_ptr<Choice> choice;
    std::unique_ptr<ConstantTable> constants;  // of the choice's graph
  };
  std::vector<Made> made_;
};

}  // namespace tenfold::select
