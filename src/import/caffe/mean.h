// Caffe's mean files: one BlobProto.
#pragma once

#include <string>
#include <string_view>

#include "tenfold/tensor.h"

namespace tenfold::caffe {

// f32[C,H,W], or [N,C,H,W] when there are several. Error{kInvalid} names the file.
Tensor parse_mean(std::string_view bytes, const std::string& name);

}  // namespace tenfold::caffe
