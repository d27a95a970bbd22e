#include "tenfold/engine.h"

namespace tenfold {

Stream Stream::create(const std::shared_ptr<Device>& device) {
  if (device == nullptr) throw Error(Code::kInvalid, "a Stream needs a device");
  Stream stream;
  stream.device_ = device;
  stream.stream_ = device->create_stream();
  return stream;
}

Stream Stream::from_native(const std::shared_ptr<Device>& device, void* native) {
  if (device == nullptr) throw Error(Code::kInvalid, "a Stream needs a device");
  Stream stream;
  stream.device_ = device;
  stream.stream_ = device->wrap_stream(native);
  return stream;
}

}  // namespace tenfold
