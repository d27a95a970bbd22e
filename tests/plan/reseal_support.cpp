#include <cstring>

#include "tests/plan/reseal.h"

namespace tenfold::test {

namespace {
template <typename T>
T get(const std::vector<std::byte>& file, size_t at) {
  T value{};
  if (at + sizeof(T) <= file.size()) std::memcpy(&value, file.data() + at, sizeof(T));
  return value;
}
void put(std::vector<std::byte>& file, size_t at, const Checksum& sum) {
  if (at + sizeof sum <= file.size()) std::memcpy(file.data() + at, &sum, sizeof sum);
}
}  // namespace

void reseal(std::vector<std::byte>& file) {
  if (file.size() < kHeaderBytes) return;
  const std::span<const std::byte> bytes(file);
  const auto directory_bytes = get<uint64_t>(file, 24);
  const auto count = get<uint32_t>(file, kHeaderBytes);
  for (size_t k = 0; k < count && k < 4096; ++k) {
    const size_t entry = kHeaderBytes + 8 + k * kEntryBytes;
    const auto offset = get<uint64_t>(file, entry + 8), length = get<uint64_t>(file, entry + 16);
    if (entry + kEntryBytes > file.size() || offset > file.size() || length > file.size() - offset)
      continue;
    put(file, entry + 32, checksum_of(bytes.subspan(offset, length)));
  }
  if (directory_bytes >= 24 && directory_bytes <= file.size() - kHeaderBytes)
    put(file, kHeaderBytes + directory_bytes - 16,
        checksum_of(bytes.subspan(kHeaderBytes, directory_bytes - 16)));
  put(file, 48, checksum_of(bytes.first(48)));
}

std::vector<std::byte> replace_section(const std::vector<std::byte>& file, const std::string& name,
                                       const std::function<void(std::vector<std::byte>&)>& edit) {
  std::vector<FileSection> sections = read_container(file);
  std::vector<std::byte> bytes;
  for (FileSection& s : sections)
    if (s.name() == name) {
      bytes.assign(s.bytes.begin(), s.bytes.end());
      edit(bytes);
      s.bytes = bytes;
    }
  return write_container(sections);
}

}  // namespace tenfold::test
