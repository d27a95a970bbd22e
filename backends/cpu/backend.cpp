// The CPU backend: one device, and the rows of kernels.def.
#include "backends/cpu/device.h"

namespace tenfold {
namespace cpu {

#define KERNEL(op, symbol) std::unique_ptr<Row> symbol();
#include "backends/cpu/kernels.def"
#undef KERNEL

namespace {

class CpuBackend : public Backend {
 public:
  CpuBackend() {
#define KERNEL(op, symbol) rows_.push_back(symbol());
#include "backends/cpu/kernels.def"
#undef KERNEL
  }
  std::string_view kind() const override { return "cpu"; }
  std::vector<const Row*> rows() const override {
    std::vector<const Row*> list;
    for (const auto& row : rows_) list.push_back(row.get());
    return list;
  }
  bool portable_plans() const override { return true; }
  bool runs_in_order() const override { return true; }
  std::vector<std::string> target_names() const override { return known_levels(); }
  std::optional<Target> find_target(std::string_view name) const override {
    return find_level(name);
  }
  std::vector<std::string> notes() const override {
    std::vector<std::string> list;
#if !TENFOLD_WITH_ONEDNN
    list.push_back(
        "built without oneDNN: work runs on the plain rows, slower (scripts/setup fetches it)");
#endif
    return list;
  }
  int device_count() const override { return 1; }
  std::shared_ptr<Device> open(int index) override {
    if (index != 0)
      throw Error(Code::kNotFound, "no device cpu:" + std::to_string(index),
                  {"the CPU is cpu or cpu:0"});
    return open_device();
  }

 private:
  std::vector<std::unique_ptr<Row>> rows_;
};

}  // namespace
}  // namespace cpu

Backend* cpu_backend() {
  static cpu::CpuBackend backend;
  return &backend;
}

}  // namespace tenfold
