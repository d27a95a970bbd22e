#include "backends/cuda/driver/dynamic_library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <dlfcn.h>
#include <link.h>

namespace tenfold::cuda {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ':');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

void add(std::vector<std::string>& list, const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return;
  const std::string name = folder.lexically_normal().string();
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    found.push_back(it->path());
  std::sort(found.rbegin(), found.rend());  // newest version first, where names hold one
  return found;
}

// site-packages/nvidia/<package>/lib
void add_nvidia(std::vector<std::string>& list, const fs::path& site) {
  for (const fs::path& package : children(site / "nvidia")) add(list, package / "lib");
}

// PREFIX/lib/python3.X/{site,dist}-packages
void add_prefix(std::vector<std::string>& list, const fs::path& prefix) {
  for (const fs::path& python : children(prefix / "lib")) {
    if (python.filename().string().rfind("python3", 0) != 0) continue;
    add_nvidia(list, python / "site-packages");
    add_nvidia(list, python / "dist-packages");
  }
}

}  // namespace

std::vector<std::string> override_folders() {
  std::vector<std::string> list;
  for (const std::string& part : split(environment("TENFOLD_CUDA_PATH"))) {
    const fs::path root(part);
    add(list, root);
    add(list, root / "lib");
    add(list, root / "lib64");
    add_nvidia(list, root);
    for (const fs::path& package : children(root)) add(list, package / "lib");
  }
  return list;
}

std::vector<std::string> fallback_folders() {
  std::vector<std::string> list;
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const std::string prefix = environment(name); !prefix.empty()) add_prefix(list, prefix);
  for (const std::string& site : split(environment("PYTHONPATH"))) add_nvidia(list, site);
  std::error_code ignored;
  for (const std::string& bin : split(environment("PATH")))
    if (fs::exists(fs::path(bin) / "python3", ignored))
      add_prefix(list, fs::path(bin).parent_path());
  if (const std::string home = environment("HOME"); !home.empty())
    add_prefix(list, fs::path(home) / ".local");
  for (const char* prefix : {"/usr/local", "/usr"}) add_prefix(list, prefix);
  add_nvidia(list, "/usr/lib/python3/dist-packages");
  for (const char* toolkit :
       {"/usr/local/cuda/lib64", "/usr/local/cuda/lib", "/usr/local/nvidia/lib64",
        "/usr/local/nvidia/lib", "/usr/lib/wsl/lib"})
    add(list, toolkit);
  return list;
}

DynamicLibrary DynamicLibrary::open(const std::vector<std::string>& names) {
  DynamicLibrary library;
  std::string reason;
  const auto attempt = [&](const std::string& file) {
    library.handle_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library.handle_) {
      const char* text = dlerror();
      reason = text ? text : "unknown reason";
      return false;
    }
    const link_map* map = nullptr;
    library.path_ = file;
    if (dlinfo(library.handle_, RTLD_DI_LINKMAP, &map) == 0 && map && map->l_name && *map->l_name)
      library.path_ = map->l_name;
    return true;
  };
  const auto in_folders = [&](const std::vector<std::string>& folders) {
    std::error_code ignored;
    for (const std::string& folder : folders)
      for (const std::string& name : names)
        if (fs::exists(fs::path(folder) / name, ignored) && attempt(folder + "/" + name))
          return true;
    return false;
  };
  if (in_folders(override_folders())) return library;
  for (const std::string& name : names)
    if (attempt(name)) return library;
  const std::string loader_reason = reason;
  if (in_folders(fallback_folders())) return library;
  library.error_ =
      (names.empty() ? std::string("library") : names.front()) + ": " +
      (reason.find("cannot open shared object") != std::string::npos
           ? "not found (loader path, TENFOLD_CUDA_PATH, Python's site-packages/nvidia)"
           : reason);
  return library;
}

std::string DynamicLibrary::folder() const { return fs::path(path_).parent_path().string(); }

void* DynamicLibrary::symbol(const char* name) const {
  return handle_ ? dlsym(handle_, name) : nullptr;
}

}  // namespace tenfold::cuda
