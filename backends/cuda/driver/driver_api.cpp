#include "backends/cuda/driver/driver_api.h"

#include "backends/cuda/driver/dynamic_library.h"

namespace tenfold::cuda {
namespace {

struct Loaded {
  DriverApi api;
  std::string error;
  bool usable = false;  // every symbol is there
  bool ready = false;   // and the driver is initialized
};

Loaded load() {
  Loaded loaded;
  static const DynamicLibrary library = DynamicLibrary::open({"libcuda.so.1", "libcuda.so"});
  if (!library.ok()) {
    loaded.error = library.error();
    return loaded;
  }
  std::string missing;
#define CUDA_FUNCTION(member, symbol_name, arguments)                                        \
  loaded.api.member = reinterpret_cast<CUresult(*) arguments>(library.symbol(#symbol_name)); \
  if (!loaded.api.member && missing.empty()) missing = #symbol_name;
#include "backends/cuda/driver/driver_functions.def"
#undef CUDA_FUNCTION
  if (!missing.empty()) {
    loaded.error =
        library.path() + ": lacks " + missing + ": a driver of CUDA 12.3 or newer is needed";
    return loaded;
  }
  loaded.usable = true;
  const CUresult result = loaded.api.init(0);
  if (result != kSuccess) {
    const char* text = nullptr;
    loaded.api.error_string(result, &text);
    loaded.error = library.path() + ": cuInit: " + (text ? text : std::to_string(result));
    return loaded;
  }
  loaded.api.driver_version(&loaded.api.version);
  loaded.ready = true;
  return loaded;
}

const Loaded& state() {
  static const Loaded loaded = load();
  return loaded;
}

}  // namespace

const DriverApi* driver() { return state().ready ? &state().api : nullptr; }

const std::string& driver_error() { return state().error; }

std::string describe(CUresult result) {
  const Loaded& loaded = state();
  const char *name = nullptr, *text = nullptr;
  if (loaded.usable) {
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
