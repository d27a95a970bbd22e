// From device text to machine code through NVRTC and the kernel cache. Needs no GPU.
#pragma once

#include <span>

#include "tenfold/kernel.h"
#include "tenfold/target.h"

namespace tenfold::cuda {

// A kernel's text and how to compile it. Equal requests make equal machine code.
struct TextRequest {
  std::string entry;                     // the kernel's name (extern "C")
  std::string text;                      // complete; embedded texts are included by name
  std::vector<std::string> options;      // e.g. "-DTILE=64"
};

// "sm_90a" for Targets whose cc is 90, "sm_80" for 80, ...
std::string arch_of(const Target& target);

// The key of the request's machine code: a hash of text, embedded texts, options, architecture and
// NVRTC's version. 32 hexadecimal digits.
std::string text_key(const TextRequest& request, const std::string& arch);

// Machine code from the kernel cache or NVRTC. Error{kUnsupported} without NVRTC and without a
// cache entry; Error{kInternal} with the compiler's log when our text does not compile.
Artifact compile_text(const TextRequest& request, const std::string& arch);

// Whether compile_text can compile for this architecture now; else the reason.
Verdict can_compile(const std::string& arch);

}  // namespace tenfold::cuda
