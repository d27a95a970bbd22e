#include "src/plan/container.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tenfold {

namespace {

// Not text, so that transfers in text mode are noticed.
constexpr std::array<unsigned char, 8> kMagic = {0x89, 'T', 'F', 'P', '\r', '\n', 0x1a, '\n'};
constexpr uint64_t kHeaderBytes = 64;
constexpr uint32_t kEntryBytes = 48;
constexpr uint32_t kMaxSections = 1u << 16;

// On disk, little-endian. The checksum covers the bytes before it.
struct Header {
  std::array<unsigned char, 8> magic;
  uint16_t major, minor;
  uint32_t header_bytes;
  uint64_t directory_offset, directory_bytes;
  uint64_t file_bytes;
  uint64_t reserved;
  Checksum checksum;
};
static_assert(sizeof(Header) == kHeaderBytes);

struct Entry {
  uint32_t kind, index;
  uint64_t offset, bytes;
  uint32_t flags;  // kRequired: a reader that does not know the kind must refuse the file
  uint32_t reserved;
  Checksum checksum;
};
static_assert(sizeof(Entry) == kEntryBytes);
constexpr uint32_t kRequired = 1;

struct DirectoryHead {
  uint32_t count, entry_bytes;
};

uint64_t aligned(uint64_t offset) {
  return (offset + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

[[noreturn]] void bad(const std::string& what) {
  throw Error(Code::kInvalid, "plan file: " + what);
}

bool known(uint32_t kind) { return kind >= 1 && kind <= static_cast<uint32_t>(SectionKind::kData); }

Header read_header(std::span<const std::byte> file) {
  if (file.size() < kMagic.size()) bad("truncated inside the header");
  if (!starts_like_container(file)) bad("the header is not a plan's");
  if (file.size() < kHeaderBytes) bad("truncated inside the header");
  Header h;
  std::memcpy(&h, file.data(), sizeof h);
  if (checksum_of(file.first(offsetof(Header, checksum))) != h.checksum) throw_damaged("header");
  if (h.major != kFormatMajor)
    throw Error(Code::kUnsupported,
                "plan file: format version " + std::to_string(h.major) + "." +
                    std::to_string(h.minor) + "; this version reads " +
                    std::to_string(kFormatMajor) + ".x",
                {"build the plan anew with this version: tenfold build MODEL -o FILE"});
  if (h.header_bytes != kHeaderBytes || h.directory_offset != kHeaderBytes)
    bad("the header's lengths are wrong");
  return h;
}

// The directory's entries; newer minor versions may have longer ones.
std::vector<Entry> read_directory(std::span<const std::byte> file, const Header& h) {
  if (h.directory_bytes < sizeof(DirectoryHead) + sizeof(Checksum) ||
      h.directory_bytes > file.size() - kHeaderBytes)
    bad("truncated inside the directory");
  const auto bytes = file.subspan(kHeaderBytes, h.directory_bytes);
  const auto body = bytes.first(bytes.size() - sizeof(Checksum));
  Checksum stored;
  std::memcpy(&stored, bytes.data() + body.size(), sizeof stored);
  if (checksum_of(body) != stored) throw_damaged("directory");
  DirectoryHead head;
  std::memcpy(&head, body.data(), sizeof head);
  if (head.count > kMaxSections || head.entry_bytes < kEntryBytes || head.entry_bytes > 4096 ||
      uint64_t{head.count} * head.entry_bytes != body.size() - sizeof head)
    bad("the directory's lengths are wrong");
  std::vector<Entry> entries(head.count);
  for (uint32_t k = 0; k < head.count; ++k)
    std::memcpy(&entries[k], body.data() + sizeof head + size_t{k} * head.entry_bytes, kEntryBytes);
  return entries;
}

std::string name_of(uint32_t kind, uint32_t index) {
  static constexpr const char* kNames[] = {"",          "meta",      "target", "programs",
                                           "constants", "artifacts", "data"};
  const std::string base = known(kind) ? kNames[kind] : "kind " + std::to_string(kind);
  return kind == static_cast<uint32_t>(SectionKind::kMeta) ? base
                                                           : base + " " + std::to_string(index);
}

void check_padding(std::span<const std::byte> file, uint64_t from, uint64_t to,
                   const std::string& after) {
  const auto padding = file.subspan(from, to - from);
  if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{0}; }))
    bad("the padding after section '" + after + "' is not zero");
}

}  // namespace

Checksum checksum_of(std::span<const std::byte> bytes) {
  return hash128(bytes.data(), bytes.size());
}

void throw_damaged(const std::string& section_name) {
  bad("section '" + section_name + "' is damaged: its checksum differs");
}

std::string FileSection::name() const { return name_of(static_cast<uint32_t>(kind), index); }

bool starts_like_container(std::span<const std::byte> first_bytes) {
  return first_bytes.size() >= kMagic.size() &&
         std::memcmp(first_bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

void verify_checksum(const FileSection& section) {
  if (checksum_of(section.bytes) != section.checksum) throw_damaged(section.name());
}

std::vector<std::byte> write_container(const std::vector<FileSection>& sections) {
  if (sections.size() > kMaxSections) throw Error(Code::kResource, "a plan has too many sections");
  std::vector<Entry> entries;
  const uint64_t directory_bytes =
      sizeof(DirectoryHead) + sections.size() * kEntryBytes + sizeof(Checksum);
  uint64_t end = kHeaderBytes + directory_bytes;
  for (const FileSection& s : sections) {
    const uint64_t offset = aligned(end);
    entries.push_back({static_cast<uint32_t>(s.kind), s.index, offset, s.bytes.size(), kRequired, 0,
                       checksum_of(s.bytes)});
    end = offset + s.bytes.size();
  }
  std::vector<std::byte> file(end);
  Header h{kMagic, kFormatMajor, kFormatMinor, kHeaderBytes, kHeaderBytes, directory_bytes, end, 0,
           {}};
  std::memcpy(file.data(), &h, sizeof h);
  h.checksum = checksum_of(std::span(file).first(offsetof(Header, checksum)));
  std::memcpy(file.data(), &h, sizeof h);

  std::byte* at = file.data() + kHeaderBytes;
  const DirectoryHead head{static_cast<uint32_t>(entries.size()), kEntryBytes};
  std::memcpy(at, &head, sizeof head);
  if (!entries.empty()) std::memcpy(at + sizeof head, entries.data(), entries.size() * kEntryBytes);
  const Checksum sum =
      checksum_of(std::span(file).subspan(kHeaderBytes, directory_bytes - sizeof(Checksum)));
  std::memcpy(at + directory_bytes - sizeof sum, &sum, sizeof sum);
  for (size_t k = 0; k < sections.size(); ++k)
    if (!sections[k].bytes.empty())
      std::memcpy(file.data() + entries[k].offset, sections[k].bytes.data(),
                  sections[k].bytes.size());
  return file;
}

std::vector<FileSection> read_container(std::span<const std::byte> file) {
  const Header h = read_header(file);
  const std::vector<Entry> entries = read_directory(file, h);
  if (file.size() > h.file_bytes) bad("bytes follow the last section");
  std::vector<FileSection> sections;
  uint64_t end = kHeaderBytes + h.directory_bytes;
  std::string before = "directory";
  for (const Entry& e : entries) {
    const std::string name = name_of(e.kind, e.index);
    // Sections lie one behind the other, so overlap and gaps are impossible.
    if (e.offset != aligned(end)) bad("section '" + name + "' is not where it should be");
    if (e.offset > file.size() || e.bytes > file.size() - e.offset)
      bad("truncated inside section '" + name + "'");
    check_padding(file, end, e.offset, before);
    end = e.offset + e.bytes;
    before = name;
    if (!known(e.kind)) {
      if (e.flags & kRequired)
        throw Error(Code::kUnsupported, "plan file: section '" + name +
                                            "' is of a kind that this version does not know");
      continue;
    }
    sections.push_back(
        {static_cast<SectionKind>(e.kind), e.index, file.subspan(e.offset, e.bytes), e.checksum});
  }
  if (end != h.file_bytes) bad("the header's file length is wrong");
  return sections;
}

}  // namespace tenfold
