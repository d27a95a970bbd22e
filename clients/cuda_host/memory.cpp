#include "memory.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>

#include <sys/sysinfo.h>

#include "stream.h"

namespace cuda_host {
namespace {

constexpr size_t kAlignment = 256;  // what cudaMalloc promises

// Never destroyed: other threads and static objects may still free at exit.
struct Table {
  std::mutex mutex;
  std::map<uintptr_t, Allocation> by_start;
};
Table& table() {
  static Table* const kTable = new Table;
  return *kTable;
}

// Machine memory in bytes: all of it, and what is free or easily freed.
void machine_memory(size_t* free_bytes, size_t* total_bytes) {
  struct sysinfo info{};
  if (sysinfo(&info) != 0) {
    *free_bytes = *total_bytes = 0;
    return;
  }
  *total_bytes = static_cast<size_t>(info.totalram) * info.mem_unit;
  *free_bytes = static_cast<size_t>(info.freeram + info.bufferram) * info.mem_unit;
}

cudaError_t allocate(void** pointer, size_t bytes, cudaMemoryType kind) {
  if (!pointer) return report(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  size_t free_bytes = 0, total_bytes = 0;
  machine_memory(&free_bytes, &total_bytes);
  if (total_bytes > 0 && bytes > total_bytes) return report(cudaErrorMemoryAllocation);
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (rounded < bytes) return report(cudaErrorMemoryAllocation);
  void* start = std::aligned_alloc(kAlignment, rounded);
  if (!start) return report(cudaErrorMemoryAllocation);
  std::lock_guard<std::mutex> lock(table().mutex);
  table().by_start[reinterpret_cast<uintptr_t>(start)] = {start, bytes, kind, false};
  *pointer = start;
  return cudaSuccess;
}

cudaError_t release(void* pointer, bool host, cudaError_t unknown) {
  if (!pointer) return cudaSuccess;
  wait_for_all_streams();  // work in flight may still use the memory
  std::lock_guard<std::mutex> lock(table().mutex);
  const auto found = table().by_start.find(reinterpret_cast<uintptr_t>(pointer));
  if (found == table().by_start.end() || found->second.registered) return report(unknown);
  if ((found->second.kind == cudaMemoryTypeHost) != host) return report(unknown);
  std::free(found->second.start);
  table().by_start.erase(found);
  return cudaSuccess;
}

}  // namespace

Allocation find_allocation(const void* pointer) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  std::lock_guard<std::mutex> lock(table().mutex);
  auto after = table().by_start.upper_bound(address);
  if (after == table().by_start.begin()) return {};
  const Allocation& a = std::prev(after)->second;
  return address - reinterpret_cast<uintptr_t>(a.start) < a.bytes ? a : Allocation{};
}

bool inside_allocation(const void* pointer, size_t bytes) {
  const Allocation a = find_allocation(pointer);
  if (a.kind == cudaMemoryTypeUnregistered) return false;
  const size_t offset = reinterpret_cast<uintptr_t>(pointer) - reinterpret_cast<uintptr_t>(a.start);
  return bytes <= a.bytes - offset;
}

void free_all() {
  std::lock_guard<std::mutex> lock(table().mutex);
  for (const auto& [start, a] : table().by_start)
    if (!a.registered) std::free(a.start);
  table().by_start.clear();
}

}  // namespace cuda_host

using cuda_host::report;

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return cuda_host::allocate(pointer, bytes, cudaMemoryTypeDevice);
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return cuda_host::allocate(pointer, bytes, cudaMemoryTypeHost);
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned int flags) {
  constexpr unsigned int kKnown =
      cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
  if (flags & ~kKnown) return report(cudaErrorInvalidValue);
  return cuda_host::allocate(pointer, bytes, cudaMemoryTypeHost);
}

cudaError_t cudaMallocManaged(void** pointer, size_t bytes, unsigned int flags) {
  if (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost)
    return report(cudaErrorInvalidValue);
  return cuda_host::allocate(pointer, bytes, cudaMemoryTypeManaged);
}

cudaError_t cudaFree(void* pointer) {
  return cuda_host::release(pointer, false, cudaErrorInvalidDevicePointer);
}

cudaError_t cudaFreeHost(void* pointer) {
  return cuda_host::release(pointer, true, cudaErrorInvalidValue);
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned int) {
  if (!pointer || bytes == 0) return report(cudaErrorInvalidValue);
  if (cuda_host::find_allocation(pointer).kind != cudaMemoryTypeUnregistered)
    return report(cudaErrorHostMemoryAlreadyRegistered);
  std::lock_guard<std::mutex> lock(cuda_host::table().mutex);
  cuda_host::table().by_start[reinterpret_cast<uintptr_t>(pointer)] = {pointer, bytes,
                                                                       cudaMemoryTypeHost, true};
  return cudaSuccess;
}

cudaError_t cudaHostUnregister(void* pointer) {
  std::lock_guard<std::mutex> lock(cuda_host::table().mutex);
  const auto found = cuda_host::table().by_start.find(reinterpret_cast<uintptr_t>(pointer));
  if (found == cuda_host::table().by_start.end() || !found->second.registered)
    return report(cudaErrorHostMemoryNotRegistered);
  cuda_host::table().by_start.erase(found);
  return cudaSuccess;
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned int flags) {
  if (!device || flags != 0) return report(cudaErrorInvalidValue);
  if (cuda_host::find_allocation(host).kind != cudaMemoryTypeHost)
    return report(cudaErrorInvalidValue);
  *device = host;
  return cudaSuccess;
}

cudaError_t cudaHostGetFlags(unsigned int* flags, void* host) {
  if (!flags || cuda_host::find_allocation(host).kind != cudaMemoryTypeHost)
    return report(cudaErrorInvalidValue);
  *flags = cudaHostAllocMapped;
  return cudaSuccess;
}

cudaError_t cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height) {
  if (!pointer || !pitch) return report(cudaErrorInvalidValue);
  constexpr size_t kAlign = cuda_host::kAlignment;
  if (width > SIZE_MAX - kAlign) return report(cudaErrorMemoryAllocation);
  *pitch = (width + kAlign - 1) / kAlign * kAlign;
  if (height != 0 && *pitch > SIZE_MAX / height) return report(cudaErrorMemoryAllocation);
  return cudaMalloc(pointer, *pitch * height);
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  if (!free_bytes || !total_bytes) return report(cudaErrorInvalidValue);
  cuda_host::machine_memory(free_bytes, total_bytes);
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes* attributes,
                                     const void* pointer) {
  if (!attributes) return report(cudaErrorInvalidValue);
  const cuda_host::Allocation a = cuda_host::find_allocation(pointer);
  *attributes = {};
  if (a.kind == cudaMemoryTypeUnregistered) return report(cudaErrorInvalidValue);
  attributes->memoryType =
      a.kind == cudaMemoryTypeManaged ? cudaMemoryTypeDevice : a.kind;  // as before CUDA 11
  attributes->type = a.kind;
  attributes->devicePointer = const_cast<void*>(pointer);
  attributes->hostPointer = a.kind == cudaMemoryTypeDevice ? nullptr : const_cast<void*>(pointer);
  attributes->isManaged = a.kind == cudaMemoryTypeManaged;
  return cudaSuccess;
}

}  // extern "C"
