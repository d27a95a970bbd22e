// The plan file's outer structure: header, directory, aligned sections with checksums. It knows no
// section's content. docs/format.md is the specification.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/hash.h"
#include "tenfold/plan.h"

namespace tenfold {

using Checksum = Hash128;                             // XXH3-128; on disk low half first
Checksum checksum_of(std::span<const std::byte> bytes);
[[noreturn]] void throw_damaged(const std::string& section_name);

inline constexpr uint16_t kFormatMajor = 1;
inline constexpr uint16_t kFormatMinor = 1;
inline constexpr uint64_t kSectionAlignment = 64;

// What a section of the file holds. Never renumber.
enum class SectionKind : uint32_t {
  kMeta = 1,
  kTarget = 2,
  kPrograms = 3,
  kConstants = 4,
  kArtifacts = 5,
  kData = 6,
};

// A section of the file; `index` is the plan's section it belongs to (0 for meta).
struct FileSection {
  SectionKind kind{};
  uint32_t index = 0;
  std::span<const std::byte> bytes;
  Checksum checksum{};
  std::string name() const;                           // "programs 0"
};

// Lays out header, directory and sections; padding is zero. Equal sections give equal bytes.
std::vector<std::byte> write_container(const std::vector<FileSection>& sections);

// Checks header, directory, bounds and padding; the sections' own checksums are the caller's (use
// verify). Error{kInvalid} names what is damaged, {kUnsupported} a newer major version.
std::vector<FileSection> read_container(std::span<const std::byte> file);
void verify_checksum(const FileSection& section);

bool starts_like_container(std::span<const std::byte> first_bytes);

}  // namespace tenfold
