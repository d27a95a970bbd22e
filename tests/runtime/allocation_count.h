// Counts the calling thread's calls of operator new (which this test executable replaces).
#pragma once

#include <cstdint>

namespace tenfold::test {

int64_t allocations_of_this_thread() noexcept;

}  // namespace tenfold::test
