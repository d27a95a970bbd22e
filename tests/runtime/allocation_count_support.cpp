#include <cstddef>
#include <cstdlib>
#include <new>

#include "tests/runtime/allocation_count.h"

namespace {
thread_local int64_t count = 0;

void* quiet(std::size_t bytes, std::size_t alignment) noexcept {
  ++count;
  return alignment > alignof(std::max_align_t)
             ? std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)
             : std::malloc(bytes == 0 ? 1 : bytes);
}
void* counted(std::size_t bytes, std::size_t alignment) {
  void* p = quiet(bytes, alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

namespace tenfold::test {
int64_t allocations_of_this_thread() noexcept { return count; }
}  // namespace tenfold::test

void* operator new(std::size_t bytes) { return counted(bytes, 1); }
void* operator new[](std::size_t bytes) { return counted(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t a) {
  return counted(bytes, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t bytes, std::align_val_t a) {
  return counted(bytes, static_cast<std::size_t>(a));
}
// Those that return null are replaced as well, so that every delete below meets its own new.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return quiet(bytes, 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return quiet(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return quiet(bytes, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return quiet(bytes, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
