#include "backends/cuda/cudnn/cudnn_api.h"

#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/driver/dynamic_library.h"
#include "backends/cuda/driver/nvrtc_api.h"
#include "tenfold/diag.h"

namespace tenfold::cuda {
namespace {

constexpr size_t kOldest = 90800;  // device descriptions came with 9.8

struct Loaded {
  CudnnApi api;
  std::string error;
  bool ready = false;
};

Loaded load() {
  Loaded loaded;
  // cuDNN opens these two by bare name when it needs them; copies already in the process satisfy
  // it wherever their folders are.
  (void)nvrtc();
  (void)cublaslt_api();
  static const DynamicLibrary library = DynamicLibrary::open({"libcudnn.so.9", "libcudnn.so"});
  if (!library.ok()) {
    loaded.error = library.error();
    return loaded;
  }
  std::string missing;
#define CUDNN_FUNCTION(member, symbol_name, result, arguments)                             \
  loaded.api.member = reinterpret_cast<result(*) arguments>(library.symbol(#symbol_name)); \
  if (!loaded.api.member && missing.empty()) missing = #symbol_name;
#include "backends/cuda/cudnn/cudnn_functions.def"
#undef CUDNN_FUNCTION
  if (!missing.empty()) {
    loaded.error = library.path() + ": lacks " + missing;
    return loaded;
  }
  loaded.api.number = loaded.api.version_number();
  if (loaded.api.number < kOldest || loaded.api.number >= 100000) {
    loaded.error =
        library.path() + ": version " + loaded.api.version() + "; 9.8 or a newer 9 is needed";
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

std::string CudnnApi::version() const {
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

const CudnnApi* cudnn_api() { return state().ready ? &state().api : nullptr; }

const std::string& cudnn_error() { return state().error; }

void check_cudnn(cudnnStatus status, const char* what) {
  if (status == cudnn::kSuccess) return;
  const CudnnApi* api = cudnn_api();
  std::string message = std::string("cuDNN: ") + what + ": ";
  message += api ? api->error_string(status) : "status " + std::to_string(status);
  char detail[1024] = {};
  if (api) api->last_error(detail, sizeof detail);
  if (*detail) message += std::string(" (") + detail + ")";
  const bool unsupported = status / 1000 == cudnn::kNotSupported / 1000;
  throw Error(unsupported ? Code::kUnsupported : Code::kDevice, message);
}

}  // namespace tenfold::cuda
