// Files that tools read and write: pictures, .npy arrays, archives. Never part of the runtime
// library.
#pragma once

#include "tenfold/plan.h"
#include "tenfold/tensor.h"

namespace tenfold {

// Decodes JPEG, PNG or PGM/PPM (found by content) to u8[H,W,C] with C = 1 or 3, RGB order. 16-bit
// is reduced, palettes expanded; transparent pictures lie on white, as DIGITS opens them, but one
// transparent color (tRNS without a palette) stays a color. Limits: 1 GiB of pixels.
// Error{kInvalid, kIo}.
Tensor load_image(const std::string& path);
Tensor decode_image(std::span<const std::byte> bytes, const std::string& name);
// Whether bytes begin as a picture that decode_image() knows.
bool begins_as_image(std::span<const std::byte> bytes);
// C becomes `channels` (luma weights for gray as Pillow's "L").
Tensor convert_channels(const Tensor& image, int channels);
// Bilinear as Pillow does it (antialiased when shrinking), to <= 1 level. u8[H,W,C] -> u8[h,w,C].
Tensor resize_bilinear(const Tensor& image, int height, int width);
// Channels, resize mode and channel order of a plan: u8[H,W,C] ready for its input.
Tensor apply_preprocess(const Tensor& image, const Preprocess& preprocess);

// NumPy .npy, little-endian, C or Fortran order on reading, C order on writing.
Tensor load_npy(const std::string& path);
void save_npy(const std::string& path, const Tensor& tensor);

// Whole file, at most `limit` bytes. Error{kIo, kResource}.
std::string read_file(const std::string& path, int64_t limit = int64_t{4} << 30);
// Writes to a temporary file beside `path`, syncs and renames; links are followed. A device or pipe
// is written into.
void write_file_atomic(const std::string& path, std::string_view bytes);

// Regular members of a .tar(.gz|.xz|.zst) or .zip, at most `limit` bytes in all; names are
// relative, cleaned, never absolute or with "..". Links to members are read as these, others left
// out. Error{kInvalid, kResource}.
std::vector<std::pair<std::string, std::string>> read_archive(const std::string& path,
                                                              int64_t limit = int64_t{4} << 30);
// By content: the first 512 bytes of a file decide.
bool looks_like_archive(std::span<const std::byte> first_bytes);

}  // namespace tenfold
