// The values of a section's constants on the host: stored bytes, or recipes evaluated once.
#pragma once

#include <optional>
#include <vector>

#include "tenfold/device.h"
#include "tenfold/plan.h"

namespace tenfold {

class ConstantStore {
 public:
  // `host` runs the reference rows. `limit` bounds the bytes that recipes may
  // make (0: none); Error{kResource} beyond.
  ConstantStore(const Section& section, std::shared_ptr<Device> host, int threads, int64_t limit);

  // Makes the values of `wanted` and of all that their recipes need, independent ones in parallel;
  // what nobody asked for is dropped again. Error{kInvalid} if stored data is damaged.
  void evaluate(const std::vector<bool>& wanted);
  // 64-byte aligned; null unless evaluated.
  const void* data(uint32_t index) const { return pointers_[index]; }
  int64_t bytes(uint32_t index) const { return bytes_[index]; }
  // Frees what a recipe made; stored bytes stay mapped.
  void release(uint32_t index);

 private:
  std::vector<std::vector<uint32_t>> levels_of(const std::vector<bool>& needed) const;
  void load_stored(uint32_t index);
  // Threads that pay for recipes which do not depend on each other.
  int threads_for(const std::vector<uint32_t>& level) const;
  void make(uint32_t index, int threads);

  const Section& section_;
  std::shared_ptr<Device> host_;
  int threads_;
  int64_t limit_;
  std::vector<const void*> pointers_;
  std::vector<int64_t> bytes_;
  std::vector<Tensor> made_;
};

}  // namespace tenfold
