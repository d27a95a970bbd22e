#include "backends/cuda/driver/data_sheets.h"

namespace tenfold::cuda {
namespace {

// Dense rates (no sparsity), boost clock. Sizes in bytes unless named otherwise.
struct Gpu {
  const char* alias;
  const char* name;
  int cc, sm_count;
  int shared_per_block_optin;
  int64_t l2_mib, memory_gb_per_s, f32_gflops, tf32_gflops, f16_gflops, clock_mhz, memory_gib;
};
constexpr Gpu kGpus[] = {
    {"h200", "NVIDIA H200", 90, 132, 232448, 50, 4800, 66900, 494700, 989400, 1980, 141},
    {"h100", "NVIDIA H100 80GB HBM3", 90, 132, 232448, 50, 3350, 66900, 494700, 989400, 1980, 80},
    {"h100-pcie", "NVIDIA H100 PCIe", 90, 114, 232448, 50, 2000, 51200, 378000, 756000, 1755, 80},
    {"a100", "NVIDIA A100-SXM4-80GB", 80, 108, 166912, 40, 2039, 19500, 156000, 312000, 1410, 80},
    {"a100-40gb", "NVIDIA A100-SXM4-40GB", 80, 108, 166912, 40, 1555, 19500, 156000, 312000, 1410,
     40},
    {"a10", "NVIDIA A10", 86, 72, 101376, 6, 600, 31200, 62500, 125000, 1695, 24},
    {"l4", "NVIDIA L4", 89, 58, 101376, 48, 300, 30300, 60000, 121000, 2040, 24},
    {"l40s", "NVIDIA L40S", 89, 142, 101376, 96, 864, 91600, 183000, 362000, 2520, 48},
    {"rtx4090", "NVIDIA GeForce RTX 4090", 89, 128, 101376, 72, 1008, 82600, 82600, 165200, 2520,
     24},
    {"rtx3090", "NVIDIA GeForce RTX 3090", 86, 82, 101376, 6, 936, 35600, 35600, 71000, 1695, 24},
    {"v100", "Tesla V100-SXM2-16GB", 70, 80, 98304, 6, 900, 15700, 15700, 125000, 1530, 16},
    {"t4", "Tesla T4", 75, 40, 65536, 4, 320, 8100, 8100, 65000, 1590, 16},
};

Target from_gpu(const Gpu& g) {
  Target t;
  t.kind = "cuda";
  t.name = g.name;
  t.numbers = {{"cc", g.cc},
               {"sm_count", g.sm_count},
               {"warp_size", 32},
               {"shared_per_block", 49152},
               {"shared_per_block_optin", g.shared_per_block_optin},
               {"shared_per_sm", g.shared_per_block_optin + (g.cc >= 80 ? 1024 : 0)},
               {"regs_per_sm", 65536},
               {"threads_per_sm", g.cc == 75                 ? 1024
                                  : g.cc == 86 || g.cc == 89 ? 1536
                                                             : 2048},
               {"l2_bytes", g.l2_mib << 20},
               {"mem_bytes", g.memory_gib << 30},
               {"mem_bytes_per_s", g.memory_gb_per_s * 1000000000},
               {"f32_flops", g.f32_gflops * 1000000000},
               {"tf32_flops", g.tf32_gflops * 1000000000},
               {"f16_flops", g.f16_gflops * 1000000000},
               {"clock_khz", g.clock_mhz * 1000}};
  return t;
}

// The weakest machine of a compute capability: estimates then hold for every other.
const Gpu* gpu_of_capability(int cc) {
  const Gpu* weakest = nullptr;
  for (const Gpu& g : kGpus)
    if (g.cc == cc && (!weakest || g.f16_gflops < weakest->f16_gflops)) weakest = &g;
  return weakest;
}

}  // namespace

std::vector<std::string> gpu_names() {
  std::vector<std::string> names;
  for (const Gpu& g : kGpus) names.emplace_back(g.alias);
  for (const int cc : {70, 75, 80, 86, 89, 90}) names.push_back("sm_" + std::to_string(cc));
  return names;
}

std::optional<Target> find_gpu(std::string_view name) {
  for (const Gpu& g : kGpus)
    if (name == g.alias) return from_gpu(g);
  if (!name.starts_with("sm_")) return std::nullopt;
  name.remove_prefix(3);
  if (name.ends_with('a')) name.remove_suffix(1);  // sm_90a
  for (const Gpu& g : kGpus)
    if (name == std::to_string(g.cc)) return from_gpu(*gpu_of_capability(g.cc));
  return std::nullopt;
}

Verdict has_tf32(const Target& target) {
  return target.i("cc", 80) >= 80 ? Verdict()
                                  : Verdict::no("tf32 products need compute capability 8.0");
}

}  // namespace tenfold::cuda
