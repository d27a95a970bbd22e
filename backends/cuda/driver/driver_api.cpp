#include "backends/cuda/driver/driver_api.h"

#include "backends/cuda/driver/symbol_table.h"

namespace tenfold::cuda {
namespace {

void fill(DriverApi& api, SymbolFinder& find) {
#define CUDA_FUNCTION(member, symbol_name, arguments) find(api.member, #symbol_name);
#include "backends/cuda/driver/driver_functions.def"
#undef CUDA_FUNCTION
}

std::string verify(DriverApi& api, const DynamicLibrary&) {
  if (const CUresult result = api.init(0); result != kSuccess) {
    const char* text = nullptr;
    api.error_string(result, &text);
    return std::string("cuInit: ") + (text ? text : std::to_string(result));
  }
  api.driver_version(&api.version);
  return {};
}

const SymbolTable<DriverApi>& state() {
  static const auto table = open_symbols<DriverApi>({"libcuda.so.1", "libcuda.so"}, fill, verify,
                                                    "a driver of CUDA 12.3 or newer is needed");
  return table;
}

}  // namespace

const DriverApi* driver() { return state().ready ? &state().api : nullptr; }

const std::string& driver_error() { return state().error; }

std::string describe(CUresult result) {
  const SymbolTable<DriverApi>& loaded = state();
  const char *name = nullptr, *text = nullptr;
  if (loaded.complete) {
    loaded.api.error_name(result, &name);
    loaded.api.error_string(result, &text);
  }
  if (!name) return "CUDA error " + std::to_string(result);
  return std::string(name) + (text ? std::string(": ") + text : "");
}

void check(CUresult result, const char* what) {
  if (result == kSuccess) return;
  throw Error(result == kErrorOutOfMemory ? Code::kResource : Code::kDevice,
              std::string(what) + ": " + describe(result));
}

}  // namespace tenfold::cuda
