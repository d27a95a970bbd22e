// Recorders of Commands for CUDA devices.
#pragma once

#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {

// Issues commands at launch, in record order, on the stream; own kernels overlap programmatically.
// With `timed`, each step lies between two events and step_us() tells its time.
std::unique_ptr<Recorder> make_eager_recorder(std::shared_ptr<CudaDevice> device, bool timed);

// One CUDA graph: own kernels are explicit nodes joined by programmatic edges, capturable foreign
// steps are child graphs captured once, all other edges are full. A step that cannot be captured
// turns the whole recorder eager, and text() says so. Under a caller's stream capture it launches
// eagerly.
std::unique_ptr<Recorder> make_graph_recorder(std::shared_ptr<CudaDevice> device);

// Writes a line a command; runs nothing.
std::unique_ptr<Recorder> make_log_recorder(std::shared_ptr<CudaDevice> device);

}  // namespace tenfold::cuda
