// Allocations of the shim: what is known of a pointer, and who may touch it.
#pragma once

#include <cstddef>

#include "cuda_runtime_api.h"

namespace cuda_host {

struct Allocation {
  void* start = nullptr;
  size_t bytes = 0;
  cudaMemoryType kind = cudaMemoryTypeUnregistered;
  bool registered = false;  // the program's own memory (cudaHostRegister)
};

// The allocation that holds `pointer`; `kind` is Unregistered when there is none. Thread-safe.
Allocation find_allocation(const void* pointer);
// Whether [pointer, pointer + bytes) lies in one allocation.
bool inside_allocation(const void* pointer, size_t bytes);
// Frees everything (cudaDeviceReset).
void free_all();

// Remembers `error` as the calling thread's last one and returns it.
cudaError_t report(cudaError_t error);

}  // namespace cuda_host
