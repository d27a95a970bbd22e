#include "backends/cuda/driver/run_nvrtc.h"

#include <xxhash.h>

#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/kernels/device_texts.h"

namespace tenfold::cuda {
namespace {

struct Program {
  const NvrtcApi& api;
  nvrtcProgram handle = nullptr;
  ~Program() {
    if (handle) api.destroy(&handle);
  }
};

}  // namespace

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

void need_nvrtc(const std::string& kernel) {
  if (nvrtc()) return;
  throw Error(Code::kUnsupported, "NVRTC is needed to compile kernel " + kernel,
              {nvrtc_error(),
               "install a CUDA toolkit or PyPI's nvidia-cuda-nvrtc (scripts/setup --nvrtc puts it "
               "into .deps/nvrtc), and set TENFOLD_CUDA_PATH to its folder"});
}

std::vector<std::byte> run_nvrtc(const TextRequest& request, const std::string& arch) {
  need_nvrtc(request.entry);
  const NvrtcApi& api = *nvrtc();
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
  pointers.reserve(options.size());
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

}  // namespace tenfold::cuda
