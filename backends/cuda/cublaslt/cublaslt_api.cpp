#include "backends/cuda/cublaslt/cublaslt_api.h"

#include "backends/cuda/driver/symbol_table.h"
#include "tenfold/diag.h"

namespace tenfold::cuda {
namespace {

constexpr size_t kOldest = 120000;

void fill(CublasLtApi& api, SymbolFinder& find) {
#define CUBLASLT_FUNCTION(member, symbol_name, result, arguments) find(api.member, #symbol_name);
#include "backends/cuda/cublaslt/cublaslt_functions.def"
#undef CUBLASLT_FUNCTION
}

std::string verify(CublasLtApi& api, const DynamicLibrary&) {
  api.number = api.version_number();
  return api.number < kOldest ? "version " + api.version() + "; 12.0 or newer is needed" : "";
}

const SymbolTable<CublasLtApi>& state() {
  static const auto table = open_symbols<CublasLtApi>(
      {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"}, fill, verify);
  return table;
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
