#include "backends/cuda/cudnn/cudnn_api.h"

#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/driver/symbol_table.h"
#include "tenfold/diag.h"

namespace tenfold::cuda {
namespace {

constexpr size_t kOldest = 90800;  // device descriptions came with 9.8

void fill(CudnnApi& api, SymbolFinder& find) {
#define CUDNN_FUNCTION(member, symbol_name, result, arguments) find(api.member, #symbol_name);
#include "backends/cuda/cudnn/cudnn_functions.def"
#undef CUDNN_FUNCTION
}

std::string verify(CudnnApi& api, const DynamicLibrary&) {
  api.number = api.version_number();
  if (api.number < kOldest || api.number >= 100000)
    return "version " + api.version() + "; 9.8 or a newer 9 is needed";
  return {};
}

SymbolTable<CudnnApi> load() {
  // cuDNN opens these two by bare name when it needs them; copies already in the process satisfy
  // it wherever their folders are.
  (void)nvrtc();
  (void)cublaslt_api();
  return open_symbols<CudnnApi>({"libcudnn.so.9", "libcudnn.so"}, fill, verify);
}

const SymbolTable<CudnnApi>& state() {
  static const SymbolTable<CudnnApi> table = load();
  return table;
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
