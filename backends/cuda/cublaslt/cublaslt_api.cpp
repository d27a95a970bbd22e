#include "backends/cuda/cublaslt/cublaslt_api.h"

#include "backends/cuda/driver/dynamic_library.h"
#include "tenfold/diag.h"

namespace tenfold::cuda {
namespace {

constexpr size_t kOldest = 120000;

struct Loaded {
  CublasLtApi api;
  std::string error;
  bool ready = false;
};

Loaded load() {
  Loaded loaded;
  static const DynamicLibrary library =
      DynamicLibrary::open({"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"});
  if (!library.ok()) {
    loaded.error = library.error();
    return loaded;
  }
  std::string missing;
#define CUBLASLT_FUNCTION(member, symbol_name, result, arguments)                          \
  loaded.api.member = reinterpret_cast<result(*) arguments>(library.symbol(#symbol_name)); \
  if (!loaded.api.member && missing.empty()) missing = #symbol_name;
#include "backends/cuda/cublaslt/cublaslt_functions.def"
#undef CUBLASLT_FUNCTION
  if (!missing.empty()) {
    loaded.error = library.path() + ": lacks " + missing;
    return loaded;
  }
  loaded.api.number = loaded.api.version_number();
  if (loaded.api.number < kOldest) {
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

std::string CublasLtApi::version() const {
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

const CublasLtApi* cublaslt_api() { return state().ready ? &state().api : nullptr; }

const std::string& cublaslt_error() { return state().error; }

void check_cublaslt(cublasStatus status, const char* what) {
  if (status == cublaslt::kSuccess) return;
  const CublasLtApi* api = cublaslt_api();
  const bool unsupported = status == cublaslt::kNotSupported || status == cublaslt::kArchMismatch;
  throw Error(unsupported ? Code::kUnsupported : Code::kDevice,
              std::string("cuBLASLt: ") + what + ": " +
                  (api ? std::string(api->status_name(status)) : std::to_string(status)));
}

}  // namespace tenfold::cuda
