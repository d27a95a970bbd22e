// Tar and zip through libarchive, with limits against archives that are made to explode.
#include "src/io/archive.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "src/base/file.h"
#include "src/base/scanner.h"
#include "src/io/gzip.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

constexpr size_t kMaxMembers = 10000;
constexpr int64_t kFreeBytes = 64 << 20;  // below this any ratio goes
constexpr int64_t kMaxRatio = 50;
constexpr int kMaxLinkHops = 40;  // as Linux has it

struct Closer {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Archive = std::unique_ptr<archive, Closer>;

[[noreturn]] void fail(Code code, const std::string& name, const std::string& reason) {
  throw Error(code, name + ": " + reason);
}

std::string reason_of(archive* a) {
  const char* text = archive_error_string(a);
  return text ? text : "unknown reason";
}

// What an archive may still yield. The ratio counts from the start to where reading stands, so that
// a bomb is found when it begins to expand, however much is packed behind.
struct Budget {
  int64_t left, packed, yielded = 0;
  Budget(int64_t limit, size_t packed) : left(limit), packed(static_cast<int64_t>(packed)) {}
  static int64_t allowed(int64_t consumed) { return kFreeBytes + consumed * kMaxRatio; }
  int64_t open() const { return std::max<int64_t>(std::min(left, allowed(packed) - yielded), 0); }
  void take(int64_t bytes, int64_t consumed, const std::string& name) {
    left -= bytes;
    yielded += bytes;
    if (left < 0) fail(Code::kResource, name, "its members are larger than the limit");
    if (yielded > allowed(std::clamp<int64_t>(consumed, 0, packed)))
      fail(Code::kResource, name, "it is packed too tightly to be trusted");
  }
};

// `stated` is the size that the archive states, 0 if it states none.
std::string read_member(archive* a, Budget& budget, bool gzip, const std::string& name,
                        const std::string& member, int64_t stated) {
  std::string content;
  content.reserve(static_cast<size_t>(std::clamp<int64_t>(stated, 0, budget.open())));
  std::vector<char> block(1 << 16);
  for (;;) {
    const la_ssize_t n = archive_read_data(a, block.data(), block.size());
    if (n == 0) return content;
    if (n < 0) fail(Code::kInvalid, name, "member '" + member + "' is damaged: " + reason_of(a));
    // Of a gzip stream the reader has counted.
    const int64_t consumed = gzip ? budget.packed : archive_filter_bytes(a, -1);
    budget.take(n, consumed, name);
    content.append(block.data(), static_cast<size_t>(n));
  }
}

// What libarchive reads of a .tar.gz. An Error cannot pass through it: it waits in `failure`.
struct Unpacked {
  GzipReader reader;
  std::exception_ptr failure;

  bool next(Bytes* block) noexcept {
    try {
      if (!failure) *block = reader.next();
    } catch (...) {
      failure = std::current_exception();
    }
    return !failure;
  }
  void check() const {
    if (failure) std::rethrow_exception(failure);
  }
  // What follows the archive's end: its checksums count too.
  void drain() {
    check();
    while (!reader.next().empty()) {
    }
  }
};

// Names in archives are UTF-8, whatever the program's locale: libarchive converts by the thread's.
class Utf8Names {
 public:
  Utf8Names() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_) before_ = uselocale(utf8_);
  }
  ~Utf8Names() {
    if (!utf8_) return;
    uselocale(before_);
    freelocale(utf8_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t utf8_, before_ = nullptr;
};

la_ssize_t read_unpacked(archive* a, void* unpacked, const void** buffer) {
  Bytes block;
  if (!static_cast<Unpacked*>(unpacked)->next(&block)) {
    archive_set_error(a, EIO, "it cannot be inflated");
    return -1;
  }
  *buffer = block.data();
  return static_cast<la_ssize_t>(block.size());
}

Archive open(Bytes bytes, const std::string& name, Unpacked* unpacked) {
  Archive a(archive_read_new());
  if (!a) fail(Code::kResource, name, "no memory for reading an archive");
  archive_read_support_filter_xz(a.get());
  archive_read_support_filter_zstd(a.get());
  archive_read_support_filter_bzip2(a.get());
  archive_read_support_format_tar(a.get());
  archive_read_support_format_zip(a.get());
  const int status = unpacked
                         ? archive_read_open(a.get(), unpacked, nullptr, read_unpacked, nullptr)
                         : archive_read_open_memory(a.get(), bytes.data(), bytes.size());
  if (unpacked) unpacked->check();
  if (status != ARCHIVE_OK)
    fail(Code::kInvalid, name, "is no archive that can be read: " + reason_of(a.get()));
  return a;
}

// What the symbolic link `member` names inside the archive; empty: something outside.
std::string linked_member(const std::string& member, const char* target) {
  if (!target || *target == 0 || *target == '/') return {};
  const std::filesystem::path inside =
      (std::filesystem::path(member).parent_path() / target).lexically_normal();
  return *inside.begin() == ".." ? std::string() : inside.string();
}

// Gives links the content of the files that they lead to; those that lead to none are left out, as
// in a folder.
void follow(const std::map<std::string, std::string>& links, Budget& budget,
            const std::string& name, Members& members) {
  std::map<std::string, size_t> files;
  for (size_t k = 0; k < members.size(); ++k) files[members[k].first] = k;
  for (const auto& [member, target] : links) {
    auto next = links.find(target);
    const std::string* meant = &target;
    for (int hops = 0; hops < kMaxLinkHops && next != links.end(); ++hops) {
      meant = &next->second;
      next = links.find(*meant);
    }
    const auto file = files.find(*meant);
    if (file == files.end() || files.count(member)) continue;
    const std::string& content = members[file->second].second;
    budget.take(static_cast<int64_t>(content.size()), budget.packed, name);
    members.emplace_back(member, std::string(content));
  }
}

Members read_members(archive* a, Budget& budget, bool gzip, const std::string& name) {
  Members members;
  std::map<std::string, std::string> links;  // symbolic ones
  for (size_t count = 0;; ++count) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(a, &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
      fail(Code::kInvalid, name, "the archive is damaged: " + reason_of(a));
    if (count == kMaxMembers)
      fail(Code::kResource, name, "more than " + std::to_string(kMaxMembers) + " members");
    const char* const link = archive_entry_hardlink_utf8(entry);
    const bool symbolic = archive_entry_filetype(entry) == AE_IFLNK;
    if (archive_entry_filetype(entry) != AE_IFREG && !link && !symbolic) continue;
    const char* spelt = archive_entry_pathname_utf8(entry);
    if (!spelt) spelt = archive_entry_pathname(entry);
    if (!spelt)
      fail(Code::kInvalid, name,
           "the name of member " + std::to_string(count + 1) + " cannot be read: it is not UTF-8");
    std::string member = clean_member_name(spelt);
    if (member.empty()) continue;
    if (archive_entry_is_encrypted(entry))
      fail(Code::kUnsupported, name, "member '" + member + "' is encrypted");
    const auto find = [&](const std::string& wanted) {
      return std::find_if(members.begin(), members.end(),
                          [&](const auto& held) { return held.first == wanted; });
    };
    if (symbolic) {
      links[member] = linked_member(member, archive_entry_symlink_utf8(entry));
      continue;
    }
    std::string content;
    if (link) {  // another name of a file before
      const auto meant = find(clean_member_name(link));
      if (meant == members.end()) continue;
      budget.take(static_cast<int64_t>(meant->second.size()),
                  gzip ? budget.packed : archive_filter_bytes(a, -1), name);
      content = meant->second;
    } else {
      content = read_member(a, budget, gzip, name, member,
                            archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0);
    }
    const auto held = find(member);
    if (held != members.end())
      held->second = std::move(content);  // the later one counts
    else
      members.emplace_back(std::move(member), std::move(content));
  }
  follow(links, budget, name, members);
  return members;
}

}  // namespace

std::string clean_member_name(const std::string& name) {
  std::string result;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find_first_of("/\\", begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    begin = end + 1;
    if (part == "..")
      throw Error(Code::kInvalid, "a member's name leads out of the archive: " + quote(name));
    if (part.empty() || part == ".") continue;
    result += (result.empty() ? "" : "/") + part;
  }
  return result;
}

Members parse_archive(Bytes bytes, const std::string& name, int64_t limit) {
  Budget budget(limit, bytes.size());
  std::unique_ptr<Unpacked> unpacked;
  if (is_gzip(bytes))
    unpacked.reset(new Unpacked{GzipReader(bytes, name, Budget::allowed), nullptr});
  const Utf8Names names;
  const Archive a = open(bytes, name, unpacked.get());
  try {
    Members members = read_members(a.get(), budget, unpacked != nullptr, name);
    if (unpacked) unpacked->drain();
    return members;
  } catch (const Error&) {
    if (unpacked) unpacked->check();  // the cause, not what libarchive made of it
    throw;
  }
}

Members read_archive(const std::string& path, int64_t limit) {
  return parse_archive(MappedFile::open(path).bytes(), path, limit);
}

bool looks_like_archive(std::span<const std::byte> b) {
  const auto has = [&](size_t at, std::string_view magic) {
    return b.size() >= at + magic.size() &&
           std::memcmp(b.data() + at, magic.data(), magic.size()) == 0;
  };
  return has(0, "\x1f\x8b") ||
         has(0, std::string_view("\xfd"
                                 "7zXZ\0",
                                 6)) ||
         has(0, "\x28\xb5\x2f\xfd") || has(0, "BZh") || has(0, "PK\x03\x04") ||
         has(0, "PK\x05\x06") || has(257, "ustar");
}

}  // namespace tenfold
