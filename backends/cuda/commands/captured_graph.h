// What a vendor library did on a stream under capture, made cheap to launch as a child graph.
#pragma once

#include <string>
#include <vector>

#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {

// Replaces memory sets in captured graphs by a kernel of ours. The driver launches a graph of
// kernels as one piece of work; each memory set costs it 0.7 us of CPU time at every launch.
class FillNodes {
 public:
  // The same graph, node for node: captured again, it may update what was instantiated. A set of
  // several rows stays. Without machine code for the kernel all stay, and refusal() says why.
  Status replace(CudaDevice& device, CUgraph graph) noexcept;
  const std::string& refusal() const { return refusal_; }
  // The kernel's text.
  static TextRequest text();

 private:
  const LoadedKernel* kernel(CudaDevice& device);
  Status replace_node(CudaDevice& device, CUgraph graph, CUgraphNode node);

  std::shared_ptr<const LoadedKernel> kernel_;
  std::string refusal_;
};

// All nodes of `graph`. Empty if the driver does not tell.
std::vector<CUgraphNode> nodes_of(const DriverApi& api, CUgraph graph);

}  // namespace tenfold::cuda
