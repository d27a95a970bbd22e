// A kernel's plain parameters: named 32-bit integers (and divisors and floats), declared in the
// text as struct Params and passed by value. The names depend on a Problem's structure only, the
// values on its sizes, so that one kernel serves all sizes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tenfold::cuda {

class ParamList {
 public:
  // Error{kUnsupported} if the value does not fit.
  void add(const std::string& name, int64_t value);
  void add_divisor(const std::string& name, int64_t divisor);
  void add_float(const std::string& name, double value);

  std::string declaration() const;                 // "struct Params { ... };"
  const std::vector<uint32_t>& words() const { return words_; }

 private:
  std::string fields_;
  std::vector<uint32_t> words_;
};

}  // namespace tenfold::cuda
