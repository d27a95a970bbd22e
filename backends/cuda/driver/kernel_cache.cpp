#include "backends/cuda/driver/kernel_cache.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

namespace tenfold::cuda {
namespace fs = std::filesystem;
namespace {

constexpr char kMagic[8] = {'T', 'F', 'K', 'E', 'R', 'N', '0', '1'};

struct Header {
  char magic[8];
  uint64_t bytes;
  uint64_t checksum;
};

bool only_ours(const struct stat& info) {
  return info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// The folder, made 0700 if absent; empty unless it is this user's alone to write.
std::string usable_folder() {
  const std::string folder = kernel_cache_folder();
  if (folder.empty()) return {};
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return {};
  struct stat info{};
  if (lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || !only_ours(info)) return {};
  return folder;
}

bool is_key(const std::string& key) {
  return !key.empty() && key.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool write_all(int file, const void* data, size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = write(file, at, bytes);
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

std::string kernel_cache_folder() {
  const auto get = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  const std::string chosen = get("TENFOLD_CACHE");
  if (chosen == "off") return {};
  if (!chosen.empty()) return chosen + "/kernels";
  if (const std::string xdg = get("XDG_CACHE_HOME"); !xdg.empty()) return xdg + "/tenfold/kernels";
  if (const std::string home = get("HOME"); !home.empty()) return home + "/.cache/tenfold/kernels";
  return {};
}

std::optional<std::vector<std::byte>> find_cached_kernel(const std::string& key) {
  const std::string folder = is_key(key) ? usable_folder() : std::string();
  if (folder.empty()) return std::nullopt;
  const int file =
      ::open((folder + "/" + key + ".cubin").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct stat info{};
  Header header{};
  std::vector<std::byte> code;
  bool sound = fstat(file, &info) == 0 && S_ISREG(info.st_mode) && only_ours(info) &&
               info.st_size > static_cast<off_t>(sizeof header) &&
               read(file, &header, sizeof header) == static_cast<ssize_t>(sizeof header) &&
               std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 &&
               header.bytes == static_cast<uint64_t>(info.st_size) - sizeof header;
  if (sound) {
    code.resize(header.bytes);
    sound = read(file, code.data(), code.size()) == static_cast<ssize_t>(code.size()) &&
            XXH3_64bits(code.data(), code.size()) == header.checksum;
  }
  close(file);
  if (!sound) return std::nullopt;
  return code;
}

void store_cached_kernel(const std::string& key, const std::vector<std::byte>& code) {
  const std::string folder = is_key(key) ? usable_folder() : std::string();
  if (folder.empty() || code.empty()) return;
  std::string temporary = folder + "/.new-XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return;
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.bytes = code.size();
  header.checksum = XXH3_64bits(code.data(), code.size());
  const bool written =
      write_all(file, &header, sizeof header) && write_all(file, code.data(), code.size());
  const bool closed = close(file) == 0;
  if (!written || !closed ||
      rename(temporary.c_str(), (folder + "/" + key + ".cubin").c_str()) != 0)
    unlink(temporary.c_str());
}

}  // namespace tenfold::cuda
