// One text through NVRTC in this process. NVRTC lets one text at a time through.
#pragma once

#include "backends/cuda/driver/compile_text.h"

namespace tenfold::cuda {

// The names and bytes of the embedded texts as one number: equal builds compile alike.
uint64_t embedded_hash();

// Error{kUnsupported}, which says where NVRTC is to be had, without it.
void need_nvrtc(const std::string& kernel);
// Error{kUnsupported} without NVRTC; Error{kInternal} with the compiler's log as its note.
std::vector<std::byte> run_nvrtc(const TextRequest& request, const std::string& arch);

}  // namespace tenfold::cuda
