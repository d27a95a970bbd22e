// Measuring one closed Problem on the device at its tuning sizes.
#pragma once

#include "tenfold/device.h"

namespace tenfold::select {

// A candidate made ready to run on random data. Building one may take long (machine code, library
// plans); building is thread-safe, timing is not.
class Trial {
 public:
  // Error when the row cannot prepare or attach.
  Trial(const Row& row, const Problem& problem, const Tactic& tactic, Device& device, int threads);
  ~Trial();
  // Median microseconds of one execution; on a GPU of a single one if that is far beyond
  // `best_us`, the time of another way to do the same work (0: none known). Error{kDevice} when it
  // fails to run.
  double time(double best_us = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Normal random values of the operand's type with a fixed pattern; bytes of storage_bytes().
std::vector<std::byte> random_operand(const Operand& operand, uint64_t seed);

}  // namespace tenfold::select
