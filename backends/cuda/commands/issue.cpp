#include "backends/cuda/commands/issue.h"

namespace tenfold::cuda {
namespace {

void call_host(void* opaque) {
  const HostCall* call = static_cast<const HostCall*>(opaque);
  call->fn(call->slots, call->data);
}

}  // namespace

bool keeps_contract(const CudaDevice& device, const Command& command) {
  return command.kind == Command::Kind::kKernel && device.kernel_name(command.function) != "?";
}

Status issue(const CudaDevice& device, CommandList& list, const Command& c, CUstream stream,
             bool overlap) noexcept {
  const DriverApi& api = device.api();
  switch (c.kind) {
    case Command::Kind::kKernel: {
      LaunchAttribute attribute{};
      attribute.id = kLaunchProgrammaticSerialization;
      attribute.value.number = 1;
      LaunchConfig config{};
      set_shape(config, c);
      config.stream = stream;
      config.attributes = overlap ? &attribute : nullptr;
      config.attribute_count = overlap ? 1 : 0;
      return status(
          api.launch(&config, static_cast<CUfunction>(c.function), list.params(c), nullptr),
          "cuLaunchKernelEx");
    }
    case Command::Kind::kCopy:
      return status(api.memcpy_on_device(reinterpret_cast<CUdeviceptr>(list.address(c, 0)),
                                         reinterpret_cast<CUdeviceptr>(list.address(c, 1)),
                                         static_cast<size_t>(c.bytes), stream),
                    "cuMemcpyDtoDAsync");
    case Command::Kind::kFill:
      return status(api.memset8(reinterpret_cast<CUdeviceptr>(list.address(c, 0)), c.value,
                                static_cast<size_t>(c.bytes), stream),
                    "cuMemsetD8Async");
    case Command::Kind::kHost:
      return status(api.launch_host(stream, call_host, list.host_call(c)), "cuLaunchHostFunc");
    case Command::Kind::kForeign: {
      const int result = c.foreign(stream, list.addresses(c), list.data(c));
      if (result != 0) return {Code::kDevice, "a library's step failed", result};
      return {};
    }
  }
  return {Code::kInternal, "unknown command"};
}

}  // namespace tenfold::cuda
