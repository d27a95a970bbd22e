// A machine as a value: what rows are asked about, with or without the machine at hand.
#pragma once

#include "tenfold/tensor.h"

namespace tenfold {

// The most CPU threads that a build or an Engine can be asked for.
inline constexpr int kMaxThreads = 4096;

// Kind, features, sizes and library versions of a machine. Printed, parsed, hashed and compared; a
// plan's section and every TimingCache entry carry one.
//   Target t = Target::parse("cuda:h200");  t.i("sm_count") == 132
struct Target {
  std::string kind;                            // "cpu", "cuda"
  std::string name;                            // "x86-64-v4", "NVIDIA H200"
  std::map<std::string, int64_t>
      numbers;      // threads, sm_count, cc (90), shared_per_block, l2_bytes, ...
  std::map<std::string, std::string>
      texts;    // library versions: onednn, driver, nvrtc, cudnn, cublaslt; isa

  int64_t i(const std::string& key, int64_t fallback = 0) const;
  std::string s(const std::string& key) const;             // "" when absent
  bool has(const std::string& key) const { return numbers.count(key) || texts.count(key); }
  std::string str() const;                     // one line, stable; parse(str()) == *this
  // Accepts str()'s form and short names: "cpu", "cpu:x86-64-v2", "cuda:h200", "cuda:h100",
  // "cuda:a100", "cuda:sm_80". Error{kNotFound} lists the known names.
  static Target parse(std::string_view text);
  static std::vector<std::string> known_names();
  uint64_t hash() const;
  bool operator==(const Target&) const = default;
};

}  // namespace tenfold
