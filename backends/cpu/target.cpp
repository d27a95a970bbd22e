// Processors as Targets: the one at hand, and those known by instruction set.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "backends/cpu/device.h"
#include "backends/cpu/onednn/version.h"
#include "backends/cpu/simd/loops.h"
#include "src/base/threads.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tenfold::cpu {
namespace {

#if defined(__x86_64__)
std::string level_name() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (v4) return "x86-64-v4";
  if (v3) return "x86-64-v3";
  return __builtin_cpu_supports("sse4.2") ? "x86-64-v2" : "x86-64";
}

std::string features() {
  std::string list;
  auto add = [&](const char* name, bool has) {
    if (has) list += (list.empty() ? "" : ",") + std::string(name);
  };
  add("avx2", __builtin_cpu_supports("avx2"));
  add("fma", __builtin_cpu_supports("fma"));
  add("avx512", __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"));
  add("avx512_vnni", __builtin_cpu_supports("avx512vnni"));
  unsigned a = 7, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) add("avx512_bf16", (a >> 5) & 1u);
  a = 7;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) add("amx", (d >> 24) & 1u);
  return list;
}
#else
std::string level_name() { return "arm64"; }
std::string features() { return {}; }
#endif

std::string brand() {
#if defined(__x86_64__)
  unsigned words[12] = {};
  unsigned a, b, c, d;
  if (!__get_cpuid(0x80000000u, &a, &b, &c, &d) || a < 0x80000004u) return {};
  for (unsigned k = 0; k < 3; ++k)
    __get_cpuid(0x80000002u + k, &words[4 * k], &words[4 * k + 1], &words[4 * k + 2],
                &words[4 * k + 3]);
  char text[49] = {};
  std::memcpy(text, words, 48);
  std::string name(text);
  name.erase(0, name.find_first_not_of(' '));
  while (!name.empty() && name.back() == ' ') name.pop_back();
  for (char& c : name)
    if (c == ' ' || c == ',') c = '-';  // stays one word in Target::str()
  return name;
#else
  return {};
#endif
}

// What a plan for an instruction set may count on.
struct Level {
  const char* isa;
  int flops_per_cycle;  // f32, per thread
};
constexpr Level kLevels[] = {{"x86-64-v2", 8}, {"x86-64-v3", 32}, {"x86-64-v4", 64}, {"arm64", 16}};
constexpr int64_t kClockKhz = 2500000;

Target from_level(const Level& level) {
  Target t;
  t.kind = "cpu";
  t.name = level.isa;
  const int64_t threads = hardware_threads();
  t.numbers = {{"threads", threads},
               {"l2_bytes", 1 << 20},
               {"mem_bytes_per_s", 20000000000},
               {"f32_flops", threads * level.flops_per_cycle * kClockKhz * 1000},
               {"clock_khz", kClockKhz}};
  t.texts = {{"isa", level.isa}};
  return t;
}

}  // namespace

std::vector<std::string> known_levels() {
  std::vector<std::string> names = {""};
  for (const Level& level : kLevels) names.emplace_back(level.isa);
  return names;
}

std::optional<Target> find_level(std::string_view name) {
  const std::string here = level_name();
  for (const Level& level : kLevels)
    if (level.isa == (name.empty() ? std::string_view(here) : name)) return from_level(level);
  if (name.empty()) return from_level(kLevels[0]);
  return std::nullopt;
}

Target detect_target() {
  Target t;
  t.kind = "cpu";
  t.name = level_name();
  t.numbers["threads"] = hardware_threads();
#if defined(_SC_LEVEL2_CACHE_SIZE)
  const std::pair<const char*, int> caches[] = {{"l1_bytes", _SC_LEVEL1_DCACHE_SIZE},
                                                {"l2_bytes", _SC_LEVEL2_CACHE_SIZE},
                                                {"l3_bytes", _SC_LEVEL3_CACHE_SIZE}};
  for (const auto& [key, what] : caches)
    if (const long bytes = sysconf(what); bytes > 0) t.numbers[key] = bytes;
#endif
  if (const std::string list = features(); !list.empty()) t.texts["isa"] = list;
  if (const std::string_view most = simd::permitted_isa(); !most.empty())
    t.texts["isa"] += "/below-" + std::string(most);
  if (const std::string name = brand(); !name.empty()) t.texts["processor"] = name;
#if TENFOLD_WITH_ONEDNN
  t.texts["onednn"] = onednn::version();
#endif
  return t;
}

}  // namespace tenfold::cpu
