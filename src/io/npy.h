// NumPy's .npy format in memory.
#pragma once

#include "src/io/images.h"

namespace tenfold {

Tensor parse_npy(Bytes bytes, const std::string& name);
// Types that NumPy lacks are written as f32.
std::string format_npy(const Tensor& tensor);

}  // namespace tenfold
