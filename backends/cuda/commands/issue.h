// Issuing one recorded command on a stream.
#pragma once

#include "backends/cuda/commands/command_list.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {

// Launches `command` on `stream`; `overlap` lets it start while its predecessor, one of our
// kernels, still runs (it waits for it by itself).
Status issue(const CudaDevice& device, CommandList& list, const Command& command, CUstream stream,
             bool overlap) noexcept;

// Whether the function keeps our contract (waits for its predecessors before it reads or writes).
bool keeps_contract(const CudaDevice& device, const Command& command);

// Grid, block and shared memory, which nodes and launches name alike.
template <typename Shape>
void set_shape(Shape& shape, const Command& c) noexcept {
  shape.grid_x = c.grid.x;
  shape.grid_y = c.grid.y;
  shape.grid_z = c.grid.z;
  shape.block_x = c.block.x;
  shape.block_y = c.block.y;
  shape.block_z = c.block.z;
  shape.shared_bytes = c.shared_bytes;
}

}  // namespace tenfold::cuda
