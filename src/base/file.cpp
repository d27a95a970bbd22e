#include "src/base/file.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tenfold/diag.h"

namespace tenfold {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
  const bool full =
      error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOMEM || error == EMFILE;
  throw Error(error == ENOENT ? Code::kNotFound
              : full          ? Code::kResource
                              : Code::kIo,
              path + ": " + what + ": " + std::strerror(error));
}

// Closes a descriptor when it goes out of scope.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int value) : fd(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

struct stat status_of(const Descriptor& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.fd, &status) != 0) fail(path, "cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) throw Error(Code::kIo, path + ": is a folder, not a file");
  return status;
}

void write_all(const Descriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot be written", errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

std::string read_file(const std::string& path, int64_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) fail(path, "cannot be opened", errno);
  const struct stat status = status_of(file, path);
  const auto too_large = [&] {
    throw Error(Code::kResource,
                path + ": is larger than the limit of " + std::to_string(limit) + " bytes");
  };
  if (S_ISREG(status.st_mode) && status.st_size > limit) too_large();
  std::string bytes;
  if (S_ISREG(status.st_mode)) bytes.reserve(static_cast<size_t>(status.st_size) + 1);
  for (size_t used = 0;;) {
    const size_t room = bytes.capacity() > used ? bytes.capacity() - used : 1 << 16;
    bytes.resize(used + room);
    const ssize_t n = ::read(file.fd, bytes.data() + used, room);
    if (n < 0 && errno != EINTR) fail(path, "cannot be read", errno);
    used += n > 0 ? static_cast<size_t>(n) : 0;
    bytes.resize(used);
    if (static_cast<int64_t>(used) > limit) too_large();
    if (n == 0) return bytes;
    if (used == bytes.capacity()) bytes.reserve(used * 2);
  }
}

namespace {

// A device or a pipe takes the bytes as they come: it cannot be replaced, and must not be.
bool write_special(const std::string& path, std::string_view bytes) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return false;
  if (S_ISDIR(status.st_mode)) throw Error(Code::kIo, path + ": is a folder, not a file");
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.fd < 0) fail(path, "cannot be opened", errno);
  write_all(file, bytes, path);
  return true;
}

// The file that a link leads to, there or not, so that the link stays.
std::string behind_links(const std::string& path) {
  constexpr int kMostLinks = 40;
  std::filesystem::path file = path;
  std::error_code error;
  for (int k = 0; std::filesystem::is_symlink(file, error); ++k) {
    if (k == kMostLinks) fail(path, "cannot be written", ELOOP);
    const std::filesystem::path target = std::filesystem::read_symlink(file, error);
    if (error) break;
    file = file.parent_path() / target;
  }
  return file.string();
}

// A name beside the file's, of at most the length that file systems take.
std::string temporary_beside(const std::string& path) {
  static std::atomic<unsigned> serial{0};
  constexpr size_t kLongest = 255;
  const std::string suffix =
      ".tmp" + std::to_string(::getpid()) + "." + std::to_string(serial.fetch_add(1));
  const size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  return path.substr(0, std::min(path.size(), name + kLongest - suffix.size())) + suffix;
}

// A new file beside `path`, opened for writing. Its name may be taken by what a killed process with
// this one's number has left, or by one that has the same number in another container.
int create_temporary(const std::string& path, std::string& name) {
  constexpr int kMostNames = 1000;
  for (int k = 0;; ++k) {
    name = temporary_beside(path);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EEXIST || k == kMostNames) fail(path, "cannot be created", errno);
  }
}

}  // namespace

void write_file_atomic(const std::string& given, std::string_view bytes) {
  if (given.empty()) throw Error(Code::kInvalid, "the name of a file to write is empty");
  if (write_special(given, bytes)) return;
  const std::string path = behind_links(given);
  std::string temporary;
  const Descriptor file(create_temporary(path, temporary));
  struct stat before{};
  try {
    // Who may read the old file may read the new one.
    if (::stat(path.c_str(), &before) == 0) (void)::fchmod(file.fd, before.st_mode & 0777);
    write_all(file, bytes, path);
    if (::fsync(file.fd) != 0) fail(path, "cannot be written", errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot be replaced", errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

FolderLock::FolderLock(const std::string& file) {
  const size_t slash = file.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : file.substr(0, slash + 1);
  folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (folder_ >= 0 && ::flock(folder_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

FolderLock::~FolderLock() {
  if (folder_ >= 0) ::close(folder_);
}

MappedFile MappedFile::open(const std::string& path) {
  // A pipe that nobody writes to must not hold it up.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) fail(path, "cannot be opened", errno);
  const struct stat status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) throw Error(Code::kIo, path + ": is not a regular file");
  MappedFile result;
  if (status.st_size == 0) return result;
  const size_t size = static_cast<size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (address == MAP_FAILED) fail(path, "cannot be mapped", errno);
  result.data_ = std::shared_ptr<const std::byte>(
      static_cast<const std::byte*>(address),
      [size](const std::byte* p) { ::munmap(const_cast<std::byte*>(p), size); });
  result.size_ = size;
  return result;
}

}  // namespace tenfold
