// Edits of plan files' bytes that keep (or make) the checksums right.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "src/plan/container.h"

namespace tenfold::test {

// Offsets in the header and directory of docs/format.md.
inline constexpr size_t kHeaderBytes = 64;
inline constexpr size_t kEntryBytes = 48;

// Computes the checksums of sections, directory and header anew, as far as the lengths allow.
void reseal(std::vector<std::byte>& file);

// The same sections with the bytes of one replaced; offsets and checksums follow.
std::vector<std::byte> replace_section(const std::vector<std::byte>& file, const std::string& name,
                                       const std::function<void(std::vector<std::byte>&)>& edit);

}  // namespace tenfold::test
