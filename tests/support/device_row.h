// Runs one row on one Problem on any device, as an engine would, and compares with the reference.
#pragma once

#include "tenfold/device.h"

namespace tenfold::test {

// Storage of every input of the bound Problem, as one-dimensional tensors of stored elements:
// normal(0, 1) or small integers, rounded to the stored types; padding is zero. Of slices, as if
// they were dense.
std::vector<Tensor> random_storage(const Problem& bound, uint64_t seed);

struct DeviceRun {
  std::vector<Tensor> outputs;  // storage elements; of slices, as if they were dense
  std::string recorded;  // the recorder's text
};
struct RunWith {
  RecorderKind recorder = RecorderKind::kReplay;
  Tactic tactic;
  bool in_place = false;  // output 0 in the storage of the input that Row::in_place names
};
// Outputs and scratch are poisoned before the run; the bytes behind and around each output are
// checked after it. Slices lie inside larger buffers, from slice_begin (cuda_problems.h) on.
DeviceRun run_on_device(const Row& row, const Problem& closed, const SymbolValues& sizes,
                        const std::vector<Tensor>& inputs, Device& device,
                        const RunWith& with = {});

// The reference row's outputs as storage elements, of dense forms.
std::vector<Tensor> reference_outputs(const Problem& bound, const std::vector<Tensor>& inputs);

// "" when every element is within tolerance (docs/how-to/gpu-testing.md), else the first that is
// not.
std::string differences(const Problem& bound, const std::vector<Tensor>& got,
                        const std::vector<Tensor>& want);

}  // namespace tenfold::test
