#include "backends/cuda/driver/compile_text.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include <xxhash.h>

#include "backends/cuda/driver/kernel_cache.h"
#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/kernels/device_texts.h"

namespace tenfold::cuda {
namespace {

// Machine code made in this process, by key: the same kernel is asked for by many steps.
struct Memory {
  std::mutex mutex;
  std::map<std::string, std::vector<std::byte>> code;
};

Memory& memory() {
  static Memory instance;
  return instance;
}

uint64_t embedded_hash() {
  static const uint64_t hash = [] {
    uint64_t h = 0;
    for (const EmbeddedText& t : device_texts()) {
      h = XXH3_64bits_withSeed(t.name.data(), t.name.size(), h);
      h = XXH3_64bits_withSeed(t.text.data(), t.text.size(), h);
    }
    return h;
  }();
  return hash;
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

struct Program {
  const NvrtcApi& api;
  nvrtcProgram handle = nullptr;
  ~Program() {
    if (handle) api.destroy(&handle);
  }
};

std::vector<std::byte> run_compiler(const NvrtcApi& api, const TextRequest& request,
                                    const std::string& arch) {
  std::vector<const char*> texts, names;
  for (const EmbeddedText& t : device_texts()) {
    names.push_back(t.name.data());
    texts.push_back(t.text.data());
  }
  Program program{api};
  const auto verify = [&](nvrtcResult result, const char* what) {
    if (result != 0)
      throw Error(Code::kInternal, std::string("NVRTC: ") + what + ": " + api.error_string(result));
  };
  verify(api.create(&program.handle, request.text.c_str(), (request.entry + ".cu").c_str(),
                    static_cast<int>(texts.size()), texts.data(), names.data()),
         "create program");
  std::vector<std::string> options = {"--gpu-architecture=" + arch, "--std=c++17",
                                      "--device-as-default-execution-space", "--fmad=true"};
  options.insert(options.end(), request.options.begin(), request.options.end());
  std::vector<const char*> pointers;
  for (const std::string& option : options) pointers.push_back(option.c_str());
  const nvrtcResult result =
      api.compile(program.handle, static_cast<int>(pointers.size()), pointers.data());
  if (result != 0) {
    size_t bytes = 0;
    api.log_size(program.handle, &bytes);
    std::string log(bytes, '\0');
    if (bytes > 0) api.log(program.handle, log.data());
    throw Error(Code::kInternal, "device text " + request.entry + " does not compile for " + arch,
                {std::string(log.c_str())});
  }
  size_t bytes = 0;
  verify(api.cubin_size(program.handle, &bytes), "machine code size");
  std::vector<std::byte> code(bytes);
  verify(api.cubin(program.handle, reinterpret_cast<char*>(code.data())), "machine code");
  return code;
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
  {
    const std::lock_guard<std::mutex> lock(memory().mutex);
    const auto found = memory().code.find(artifact.text_key);
    if (found != memory().code.end()) {
      artifact.code = found->second;
      return artifact;
    }
  }
  if (auto cached = find_cached_kernel(artifact.text_key)) {
    artifact.code = std::move(*cached);
  } else {
    const NvrtcApi* api = nvrtc();
    if (!api)
      throw Error(Code::kUnsupported, "NVRTC is needed to compile kernel " + request.entry,
                  {nvrtc_error(), "set TENFOLD_CUDA_PATH to a folder that holds libnvrtc.so"});
    artifact.code = run_compiler(*api, request, arch);
    store_cached_kernel(artifact.text_key, artifact.code);
  }
  const std::lock_guard<std::mutex> lock(memory().mutex);
  memory().code.emplace(artifact.text_key, artifact.code);
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
