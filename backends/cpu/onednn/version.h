// The oneDNN at hand.
#pragma once

#include <string>

namespace tenfold::cpu::onednn {

// "3.2.0", or "3.2.0 below AVX2" where the environment limits the instruction set. Only in builds
// with oneDNN (TENFOLD_WITH_ONEDNN).
std::string version();

}  // namespace tenfold::cpu::onednn
