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

}  // namespace tenfold::cuda
