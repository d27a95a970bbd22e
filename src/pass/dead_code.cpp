// Drops nodes and constants that no output of the graph needs.
#include "src/pass/common.h"

namespace tenfold::passes {

bool dead_code(Graph& graph, const PassOptions&) { return graph.remove_unused() > 0; }

}  // namespace tenfold::passes
