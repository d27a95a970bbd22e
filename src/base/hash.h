// Hashes of bytes: XXH3, stable across machines and versions (plan files and cache keys hold them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenfold {

uint64_t hash64(const void* data, size_t bytes, uint64_t seed = 0) noexcept;
inline uint64_t hash64(std::string_view text, uint64_t seed = 0) noexcept {
  return hash64(text.data(), text.size(), seed);
}

struct Hash128 {
  uint64_t low = 0, high = 0;
  std::string hex() const;  // 32 lower-case digits, high half first
  bool operator==(const Hash128&) const = default;
};
Hash128 hash128(const void* data, size_t bytes) noexcept;
inline Hash128 hash128(std::string_view text) noexcept { return hash128(text.data(), text.size()); }

// 16 lower-case digits.
std::string hex(uint64_t hash);

// Hashes what is fed to it piece by piece; the result equals hash64 of the pieces joined.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void update(const void* data, size_t bytes) noexcept;
  void update(std::string_view text) noexcept { update(text.data(), text.size()); }
  uint64_t digest() const noexcept;

 private:
  void* state_;
};

}  // namespace tenfold
