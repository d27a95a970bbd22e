// Decoders of one picture format each, and what they share.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tenfold/tensor.h"

namespace tenfold {

using Bytes = std::span<const std::byte>;

inline constexpr int64_t kMaxImageBytes = int64_t{1} << 30;

// u8[H,W,C], uninitialized. Error{kInvalid} for empty pictures, {kResource} beyond the limit.
Tensor new_image(int64_t height, int64_t width, int64_t channels, const std::string& name);
[[noreturn]] void bad_image(const std::string& name, const std::string& reason);

Tensor decode_jpeg(Bytes bytes, const std::string& name);
Tensor decode_png(Bytes bytes, const std::string& name);
Tensor decode_pnm(Bytes bytes, const std::string& name);

}  // namespace tenfold
