// The library itself: its engine, its threads, its descriptors of memory.
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "backends/cpu/onednn/common.h"
#include "backends/cpu/onednn/version.h"

// oneDNN's threads are OpenMP's, if it was built so; absent otherwise.
extern "C" void omp_set_num_threads(int) __attribute__((weak));
extern "C" int omp_get_max_threads() __attribute__((weak));

namespace tenfold::cpu::onednn {

namespace {

// The instruction set that the library was told to stay below, as its variables say; empty: none.
std::string limit_of_isa() {
  for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"})
    if (const char* value = std::getenv(name)) {
      std::string limit = value;
      std::erase_if(limit, [](unsigned char c) { return !std::isalnum(c) && c != '_'; });
      return limit == "ALL" || limit == "DEFAULT" ? "" : limit;
    }
  return {};
}

}  // namespace

std::string version() {
  const dnnl_version_t* v = dnnl_version();
  const std::string limit = limit_of_isa();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch) + (limit.empty() ? "" : " below " + limit);
}

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

ThreadScope::ThreadScope(int threads) noexcept {
  if (!omp_set_num_threads || !omp_get_max_threads) return;
  const int now = omp_get_max_threads();
  if (now == threads || threads < 1) return;
  before_ = now;
  omp_set_num_threads(threads);
}
ThreadScope::~ThreadScope() {
  if (before_ > 0) omp_set_num_threads(before_);
}

void refuse(const std::string& reason) { throw Error(Code::kUnsupported, reason); }

dnnl::memory::dims dims_of(const Operand& bound) { return const_extents(bound.dims); }

dnnl::memory::desc desc_of(const Operand& bound) { return desc_of(bound, bound.dims.size()); }

// oneDNN counts along an axis in 32 bits, unchecked: a multiple of 2^32 ends in a division by zero.
static void check_extents(const Extents& dims) {
  for (const int64_t extent : dims)
    if (extent > INT32_MAX)
      refuse("an extent of " + std::to_string(extent) + " is beyond oneDNN's 32 bits");
}

dnnl::memory::desc desc_of(const Operand& bound, size_t rank) {
  const Format& f = bound.format;
  if (f.dtype != DType::kF32 || f.scale != 0)
    refuse("an operand is " + std::string(to_string(f.dtype)) + ": this row computes in f32 only");
  if (f.layout.kind != Layout::Kind::kLinear && f.layout.kind != Layout::Kind::kChannelsLast)
    refuse("an operand's layout is " + f.layout.str());
  const Extents dims = const_extents(bound.dims);
  check_extents(dims);
  if (f.layout.pad > 1 && dims.size() > 1 && dims[1] % f.layout.pad != 0)
    refuse("an operand's channels are padded");
  if (dims.size() > rank || rank > DNNL_MAX_NDIMS) refuse("an operand's rank is too large");
  Extents strides = strides_of(f, dims);
  Extents all(rank - dims.size(), 1),
      steps(rank - dims.size(), std::max<int64_t>(1, element_count(dims)));
  all.insert(all.end(), dims.begin(), dims.end());
  steps.insert(steps.end(), strides.begin(), strides.end());
  return dnnl::memory::desc(all, dnnl::memory::data_type::f32, steps);
}

dnnl::memory::desc any_of(const dnnl::memory::dims& dims) {
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
}

dnnl::primitive_attr base_attr() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_fpmath_mode(dnnl::fpmath_mode::strict);
  return attr;
}

bool is_reference(const dnnl::primitive_desc_base& pd) {
  return std::string_view(pd.impl_info_str()).find("ref") != std::string_view::npos;
}

Problem at_tuning(const Problem& p) {
  const SymbolValues tuning = p.tuning();
  SymbolValues sizes;
  for (const auto& [symbol, value] : tuning.list()) sizes.set(symbol, std::max<int64_t>(1, value));
  return p.bind(sizes);
}

}  // namespace tenfold::cpu::onednn
