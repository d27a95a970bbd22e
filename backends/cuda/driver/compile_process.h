// Several texts at once: NVRTC lets one at a time through in a process, so the others go to helper
// processes (`tenfold-compile`), as many as there are processors.
//
// The helper is TENFOLD_COMPILE_HELPER (a path; "off": none), else libexec/tenfold/tenfold-compile
// of the tree that holds this code, a file beside it, or the prefix of the build. It runs only if
// its file and every folder above it belong to this user or root and nobody else may write there,
// and only if it is of this very build with this very NVRTC. Without it, texts wait for each other,
// and a note says why.
#pragma once

#include "backends/cuda/driver/compile_text.h"

namespace tenfold::cuda {

// Machine code from NVRTC, here or in a helper. Thread-safe. A helper that takes more than 120 s
// (TENFOLD_COMPILE_SECONDS) is stopped: Error{kResource}. Other errors as run_nvrtc's.
std::vector<std::byte> compile_anywhere(const TextRequest& request, const std::string& arch);

// The helper's path; empty, and why in `reason`, when there is none to be trusted.
std::string find_compile_helper(std::string& reason);
// Whether only this user or root can have written the file, or why not.
Verdict is_trusted_program(const std::string& path);

}  // namespace tenfold::cuda
