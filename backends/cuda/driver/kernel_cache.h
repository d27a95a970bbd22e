// Machine code kept between runs in a folder that only its user can write.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tenfold::cuda {

// $TENFOLD_CACHE/kernels, else $XDG_CACHE_HOME/tenfold/kernels, else ~/.cache/tenfold/kernels;
// empty (no cache) if none can be had or TENFOLD_CACHE is "off".
std::string kernel_cache_folder();

// The bytes stored under `key` (hexadecimal digits). Nothing unless the folder and the file belong
// to this user, nobody else may write them, and the stored checksum holds.
std::optional<std::vector<std::byte>> find_cached_kernel(const std::string& key);
// Stores atomically (temporary file, rename). Failure is no error: the cache is only a help.
void store_cached_kernel(const std::string& key, const std::vector<std::byte>& code);

}  // namespace tenfold::cuda
