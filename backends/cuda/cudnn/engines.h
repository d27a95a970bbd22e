// Engines of cuDNN for an operation graph: asked of the heuristics, named as text, rebuilt by name.
#pragma once

#include <string>
#include <vector>

#include "backends/cuda/cudnn/conv_graph.h"
#include "tenfold/target.h"

namespace tenfold::cuda::cudnn {

// One configured engine. As text: "graph=A engine=38 knobs=2:4,14:3 ws=1048576".
struct EngineChoice {
  GraphForm form = GraphForm::kAddFirst;
  int64_t engine = 0;
  std::vector<std::pair<int, int64_t>> knobs;  // type, value; in the library's order
  int64_t workspace = 0;  // bytes, as tuned; the plan tells what it needs
  bool runtime_compiled = false;  // not part of the text

  std::string str() const;
  static EngineChoice parse(const std::string& text);  // Error{kInvalid}
};

// What cuDNN is told about a machine that may be elsewhere; shared by threads once made.
// Error{kUnsupported} when the library refuses the description.
Descriptor describe_device(const Target& target);

// The heuristics' choices (mode A) for a graph on a described device that are allowed: numerical
// notes within `compute`, workspace within the cap, no engine that compiles for tens of seconds.
std::vector<EngineChoice> find_engines(const ConvSpec& spec, GraphForm form,
                                       const Descriptor& device);

// Most scratch that a choice may ask for.
inline constexpr int64_t kWorkspaceCap = int64_t{256} << 20;

// A plan that can be executed once finish() has returned, with all that it refers to.
struct ConvPlan {
  ConvGraph graph;
  std::vector<Descriptor> parts;
  Descriptor plan;
  int64_t workspace = 0;
  bool runtime_compiled = false;

  // Compiles what the engine compiles: nothing, or most of a second. May run on another thread.
  void finish();
};
// Names the engine and checks that it takes the convolution, for a handle's device or (null) for
// the described one; cheap. Error{kUnsupported} when it does not.
ConvPlan start_plan(const ConvSpec& spec, const EngineChoice& choice, CudnnHandle handle,
                    const Descriptor* device);

}  // namespace tenfold::cuda::cudnn
