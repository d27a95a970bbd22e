#include "backends/cuda/driver/compile_text.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <set>

#include <xxhash.h>

#include "backends/cuda/driver/compile_process.h"
#include "backends/cuda/driver/kernel_cache.h"
#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/driver/run_nvrtc.h"

namespace tenfold::cuda {
namespace {

// Machine code that this process asked for, by key: many steps ask for the same kernel, some of
// them while it is compiled.
struct Memory {
  std::mutex mutex;
  std::condition_variable done;
  std::map<std::string, std::vector<std::byte>> code;
  std::set<std::string> busy;
};

Memory& memory() {
  static Memory instance;
  return instance;
}

std::string hex(XXH128_hash_t hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const uint64_t half : {hash.high64, hash.low64})
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(half >> shift) & 15];
  return out;
}

std::string number_of(const std::string& arch) {
  std::string digits;
  for (const char c : arch)
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

}  // namespace

std::string arch_of(const Target& target) {
  const int64_t cc = target.i("cc", 80);
  // The architecture-specific set (wgmma, setmaxnreg) exists from 9.0 on and runs on that one only.
  return "sm_" + std::to_string(cc) + (cc >= 90 ? "a" : "");
}

std::string text_key(const TextRequest& request, const std::string& arch) {
  std::string all = request.entry;
  const auto add = [&all](const std::string& part) {
    all += '\0';
    all += part;
  };
  add(request.text);
  for (const std::string& option : request.options) add(option);
  add(arch);
  add(std::to_string(embedded_hash()));
  add(nvrtc() ? nvrtc()->version() : "none");
  return hex(XXH3_128bits(all.data(), all.size()));
}

Artifact compile_text(const TextRequest& request, const std::string& arch) {
  Artifact artifact;
  artifact.kind = "cubin";
  artifact.entry = request.entry;
  artifact.text_key = text_key(request, arch);
  Memory& made = memory();
  {
    std::unique_lock<std::mutex> lock(made.mutex);
    made.done.wait(lock, [&] { return !made.busy.count(artifact.text_key); });
    if (const auto found = made.code.find(artifact.text_key); found != made.code.end()) {
      artifact.code = found->second;
      return artifact;
    }
    made.busy.insert(artifact.text_key);
  }
  std::exception_ptr failure;
  try {
    if (auto cached = find_cached_kernel(artifact.text_key)) {
      artifact.code = std::move(*cached);
    } else {
      if (const Verdict can = can_compile(arch); nvrtc() && !can)
        throw Error(Code::kUnsupported,
                    "kernels for " + arch + " cannot be compiled: " + can.reason,
                    {"an NVRTC that knows it can be named by TENFOLD_CUDA_PATH"});
      artifact.code = compile_anywhere(request, arch);
      store_cached_kernel(artifact.text_key, artifact.code);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  {
    const std::lock_guard<std::mutex> lock(made.mutex);
    made.busy.erase(artifact.text_key);
    if (!failure) made.code.emplace(artifact.text_key, artifact.code);
  }
  made.done.notify_all();
  if (failure) std::rethrow_exception(failure);
  return artifact;
}

Verdict can_compile(const std::string& arch) {
  const NvrtcApi* api = nvrtc();
  if (!api) return Verdict::no("no NVRTC: " + nvrtc_error());
  int count = 0;
  api->arch_count(&count);
  std::vector<int> archs(static_cast<size_t>(std::max(count, 1)));
  if (count > 0) api->archs(archs.data());
  for (const int a : archs)
    if (std::to_string(a) == number_of(arch)) return {};
  return Verdict::no("NVRTC " + api->version() + " knows no " + arch);
}

}  // namespace tenfold::cuda
