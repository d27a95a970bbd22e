// A shared library opened at run time: where it was found, or why it was not.
#pragma once

#include <string>
#include <vector>

namespace tenfold::cuda {

// Folders that may hold NVIDIA's libraries besides the loader's own path, best first: the folders
// of TENFOLD_CUDA_PATH (colon-separated; each with its lib, lib64 and nvidia/*/lib), then, after
// the loader's path, site-packages/nvidia/*/lib of the Python environments in sight and the usual
// places of a toolkit. Existing folders only.
std::vector<std::string> override_folders();
std::vector<std::string> fallback_folders();

// Opened once, never closed: NVIDIA's libraries keep threads and exit handlers of their own.
class DynamicLibrary {
 public:
  DynamicLibrary() = default;
  // Tries every name, versioned first, in the override folders, on the loader's path and in the
  // fallback folders. Never throws; ok() tells, and error() says what was tried last and why it
  // failed.
  static DynamicLibrary open(const std::vector<std::string>& names);

  bool ok() const { return handle_ != nullptr; }
  const std::string& error() const { return error_; }
  const std::string& path() const { return path_; }   // of the file that was opened
  std::string folder() const;                         // of path()
  void* symbol(const char* name) const;               // nullptr when absent

 private:
  void* handle_ = nullptr;
  std::string path_, error_;
};

}  // namespace tenfold::cuda
