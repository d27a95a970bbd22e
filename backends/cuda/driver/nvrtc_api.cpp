#include "backends/cuda/driver/nvrtc_api.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "backends/cuda/driver/symbol_table.h"

namespace tenfold::cuda {
namespace {

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

void fill(NvrtcApi& api, SymbolFinder& find) {
#define NVRTC_FUNCTION(member, symbol_name, result, arguments) find(api.member, #symbol_name);
#include "backends/cuda/driver/nvrtc_functions.def"
#undef NVRTC_FUNCTION
}

std::string verify(NvrtcApi& api, const DynamicLibrary& library) {
  preload_builtins(library.folder());
  if (api.get_version(&api.major, &api.minor) != 0) return "does not tell its version";
  if (api.major < 12) return "version " + api.version() + "; 12.0 or newer is needed";
  return {};
}

const SymbolTable<NvrtcApi>& state() {
  static const auto table =
      open_symbols<NvrtcApi>({"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}, fill, verify);
  return table;
}

}  // namespace

const NvrtcApi* nvrtc() { return state().ready ? &state().api : nullptr; }

const std::string& nvrtc_error() { return state().error; }

}  // namespace tenfold::cuda
