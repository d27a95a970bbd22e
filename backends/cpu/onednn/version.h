// The oneDNN at hand.
#pragma once

#include <string>

namespace tenfold::cpu::onednn {

// "3.2.0". Only in builds with oneDNN (TENFOLD_WITH_ONEDNN).
std::string version();

}  // namespace tenfold::cpu::onednn
