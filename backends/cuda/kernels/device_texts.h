// The CUDA device texts (.cu and .cuh files) that the build embeds into the library.
#pragma once

#include <span>
#include <string_view>

namespace tenfold::cuda {

// One device text, byte for byte as in the source tree. Both views point to static storage.
struct EmbeddedText {
  std::string_view name;  // path below backends/cuda, e.g. "gen/tile.cuh"
  std::string_view text;  // ends in a zero byte beyond its size, so text.data() is a C string
};

// All of them, sorted by name. Texts include each other by these names.
std::span<const EmbeddedText> device_texts();

}  // namespace tenfold::cuda
