#include "backends/cuda/gen/params.h"

#include <cstring>
#include <limits>

#include "tenfold/diag.h"

namespace tenfold::cuda {

void ParamList::add(const std::string& name, int64_t value) {
  if (value > std::numeric_limits<int32_t>::max() || value < std::numeric_limits<int32_t>::min())
    throw Error(Code::kUnsupported,
                "a kernel's size exceeds 2^31: " + name + " = " + std::to_string(value));
  fields_ += "  int " + name + ";\n";
  words_.push_back(static_cast<uint32_t>(static_cast<int32_t>(value)));
}

void ParamList::add_divisor(const std::string& name, int64_t divisor) {
  if (divisor < 1) divisor = 1;  // of an empty problem: nothing is launched
  if (divisor > std::numeric_limits<int32_t>::max())
    throw Error(Code::kUnsupported, "a kernel's size exceeds 2^31: " + name);
  uint32_t shift = 0;
  while ((int64_t{1} << shift) < divisor) ++shift;
  const uint64_t d = static_cast<uint64_t>(divisor);
  const uint64_t multiplier = ((uint64_t{1} << 32) * ((uint64_t{1} << shift) - d)) / d + 1;
  fields_ += "  Divisor " + name + ";\n";
  words_.push_back(static_cast<uint32_t>(divisor));
  words_.push_back(static_cast<uint32_t>(multiplier));
  words_.push_back(shift);
}

void ParamList::add_float(const std::string& name, double value) {
  const float single = static_cast<float>(value);
  uint32_t bits = 0;
  std::memcpy(&bits, &single, sizeof bits);
  fields_ += "  float " + name + ";\n";
  words_.push_back(bits);
}

std::string ParamList::declaration() const { return "struct Params {\n" + fields_ + "};\n"; }

}  // namespace tenfold::cuda
