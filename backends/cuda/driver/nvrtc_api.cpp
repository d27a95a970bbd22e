#include "backends/cuda/driver/nvrtc_api.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "backends/cuda/driver/dynamic_library.h"

namespace tenfold::cuda {
namespace {

struct Loaded {
  NvrtcApi api;
  std::string error;
  bool ready = false;
};

// NVRTC opens its builtins by bare name when it first compiles; a copy that is already in the
// process satisfies it wherever its folder is.
void preload_builtins(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.rfind("libnvrtc-builtins.so", 0) == 0) names.push_back(it->path().string());
  }
  std::sort(names.rbegin(), names.rend());
  if (!names.empty()) (void)DynamicLibrary::open({names.front()});
}

Loaded load() {
  Loaded loaded;
  static const DynamicLibrary library =
      DynamicLibrary::open({"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
  if (!library.ok()) {
    loaded.error = library.error();
    return loaded;
  }
  std::string missing;
#define NVRTC_FUNCTION(member, symbol_name, result, arguments)                             \
  loaded.api.member = reinterpret_cast<result(*) arguments>(library.symbol(#symbol_name)); \
  if (!loaded.api.member && missing.empty()) missing = #symbol_name;
#include "backends/cuda/driver/nvrtc_functions.def"
#undef NVRTC_FUNCTION
  if (!missing.empty()) {
    loaded.error = library.path() + ": lacks " + missing;
    return loaded;
  }
  preload_builtins(library.folder());
  if (loaded.api.get_version(&loaded.api.major, &loaded.api.minor) != 0) {
    loaded.error = library.path() + ": does not tell its version";
    return loaded;
  }
  if (loaded.api.major < 12) {
    loaded.error =
        library.path() + ": version " + loaded.api.version() + "; 12.0 or newer is needed";
    return loaded;
  }
  loaded.ready = true;
  return loaded;
}

const Loaded& state() {
  static const Loaded loaded = load();
  return loaded;
}

}  // namespace

const NvrtcApi* nvrtc() { return state().ready ? &state().api : nullptr; }

const std::string& nvrtc_error() { return state().error; }

}  // namespace tenfold::cuda
