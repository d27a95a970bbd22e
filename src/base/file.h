// Files: reading whole, mapping, replacing atomically. Also defines read_file and write_file_atomic
// of tenfold/io.h, which the runtime needs too.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tenfold {

std::string read_file(const std::string& path, int64_t limit);
void write_file_atomic(const std::string& path, std::string_view bytes);

// While it lives, other processes wait that want it for a file of the same folder. Does nothing
// where the folder cannot be locked.
class FolderLock {
 public:
  explicit FolderLock(const std::string& file);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_ = -1;
};

// A file mapped for reading, shared by copies. Error{kNotFound, kIo}. The file must not shrink
// while it is mapped.
class MappedFile {
 public:
  MappedFile() = default;
  static MappedFile open(const std::string& path);
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }
  std::shared_ptr<const std::byte> share() const { return data_; }

 private:
  std::shared_ptr<const std::byte> data_;
  size_t size_ = 0;
};

}  // namespace tenfold
