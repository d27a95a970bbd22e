// The CUDA backend: GPUs through the driver, rows of our own texts and of vendor libraries.
#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/cudnn/cudnn_api.h"
#include "backends/cuda/driver/compile_process.h"
#include "backends/cuda/driver/data_sheets.h"
#include "backends/cuda/driver/device.h"
#include "backends/cuda/driver/nvrtc_api.h"

namespace tenfold {
namespace cuda {

#define KERNEL(group, symbol) std::unique_ptr<Row> symbol();
#include "backends/cuda/kernels.def"
#undef KERNEL

namespace {

class CudaBackend final : public Backend {
 public:
  CudaBackend() {
#define KERNEL(group, symbol) rows_.push_back(symbol());
#include "backends/cuda/kernels.def"
#undef KERNEL
  }
  std::string_view kind() const override { return "cuda"; }
  std::vector<const Row*> rows() const override {
    std::vector<const Row*> list;
    for (const auto& row : rows_) list.push_back(row.get());
    return list;
  }
  bool portable_plans() const override { return false; }
  bool runs_in_order() const override { return false; }
  std::vector<std::string> target_names() const override { return gpu_names(); }
  std::optional<Target> find_target(std::string_view name) const override { return find_gpu(name); }
  std::vector<std::string> notes() const override {
    std::vector<std::string> list;
    if (!driver()) list.push_back("no GPU: " + driver_error());
    if (!nvrtc()) list.push_back("kernels cannot be compiled: " + nvrtc_error());
    if (std::string why; nvrtc() && find_compile_helper(why).empty())
      list.push_back("kernels are compiled one after another: " + why);
    if (!cudnn_api()) list.push_back("no rows of cuDNN: " + cudnn_error());
    if (!cublaslt_api()) list.push_back("no rows of cuBLASLt: " + cublaslt_error());
    return list;
  }
  int device_count() const override { return gpu_count(); }
  std::shared_ptr<Device> open(int index) override { return open_gpu(index); }

 private:
  std::vector<std::unique_ptr<Row>> rows_;
};

}  // namespace
}  // namespace cuda

Backend* cuda_backend() {
  static cuda::CudaBackend instance;
  return &instance;
}

}  // namespace tenfold
