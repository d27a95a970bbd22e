// Evaluates one Problem on host memory through the reference rows' run halves: the value of
// recipes, in the compiler and at load alike.
#pragma once

#include <span>

#include "tenfold/device.h"

namespace tenfold {

// The reference row of an op ("ref.Conv"); Error{kUnsupported} without one.
const Row& reference_row(const std::string& op);

// `problem` is bound and closed. `inputs[k]` and `outputs[k]` are host addresses of its operands,
// in their Formats; outputs' padding is left as it is. `host` is any device whose memory the host
// can reach (host_device()). Error{kUnsupported} with the row's reason. Thread-safe.
void run_reference(const Problem& problem, std::span<const void* const> inputs,
                   std::span<void* const> outputs, Device& host, int threads);

// The same through any row of the host.
void run_on_host(const Row& row, const Problem& problem, const Tactic& tactic,
                 std::span<const void* const> inputs, std::span<void* const> outputs, Device& host,
                 int threads);

}  // namespace tenfold
