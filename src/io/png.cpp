// PNG through libpng. Its errors leave by longjmp: functions that call setjmp hold no objects with
// destructors, and memory belongs to their callers.
#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <png.h>

#include "src/io/images.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr int64_t kMaxRatio = 1100;  // deflate cannot pack tighter than 1032 to 1

struct Reader {
  Bytes rest;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf leave{};
  char message[128] = "";

  explicit Reader(Bytes bytes) : rest(bytes) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

  [[noreturn]] static void on_error(png_structp p, png_const_charp text) {
    Reader& self = *static_cast<Reader*>(png_get_error_ptr(p));
    std::snprintf(self.message, sizeof(self.message), "%s", text);
    std::longjmp(self.leave, 1);
  }
  static void on_read(png_structp p, png_bytep out, size_t count) {
    Reader& self = *static_cast<Reader*>(png_get_io_ptr(p));
    if (count > self.rest.size()) png_error(p, "ends too early");
    std::memcpy(out, self.rest.data(), count);
    self.rest = self.rest.subspan(count);
  }

  // Reads the header and asks for 8 bits without palette; alpha stays where it is a channel or the
  // palette's, while the one transparent color of a picture without such is a color.
  bool open() {
    if (setjmp(leave)) return false;
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error,
                                 [](png_structp, png_const_charp) {});
    if (!png || !(info = png_create_info_struct(png))) {
      std::snprintf(message, sizeof(message), "no memory");
      return false;
    }
    png_set_read_fn(png, this, on_read);
    png_set_user_limits(png, 1 << 24, 1 << 24);
    png_set_chunk_cache_max(png, 128);
    png_set_chunk_malloc_max(png, 8 << 20);
    png_read_info(png, info);
    png_set_strip_16(png);
    png_set_expand(png);  // palettes and fewer than 8 bits
    if (!(png_get_color_type(png, info) & (PNG_COLOR_MASK_ALPHA | PNG_COLOR_MASK_PALETTE)))
      png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return true;
  }

  bool read(png_bytepp rows) {
    if (setjmp(leave)) return false;
    png_read_image(png, rows);
    png_read_end(png, nullptr);
    return true;
  }
};

// Lays a picture whose last channel is alpha on white.
Tensor without_alpha(const Tensor& from, const std::string& name) {
  const int64_t pixels = from.dims()[0] * from.dims()[1], channels = from.dims()[2] - 1;
  Tensor image = new_image(from.dims()[0], from.dims()[1], channels, name);
  const auto* in = static_cast<const uint8_t*>(from.data());
  auto* out = static_cast<uint8_t*>(image.mutable_data());
  for (int64_t p = 0; p < pixels; ++p, in += channels + 1)
    for (int64_t c = 0; c < channels; ++c) {
      const int alpha = in[channels];
      const int sum = in[c] * alpha + 255 * (255 - alpha) + 128;
      *out++ = static_cast<uint8_t>((sum + (sum >> 8)) >> 8);  // of 255, rounded
    }
  return image;
}

}  // namespace

Tensor decode_png(Bytes bytes, const std::string& name) {
  Reader reader(bytes);
  const auto fail = [&] { bad_image(name, std::string("damaged PNG: ") + reader.message); };
  if (!reader.open()) fail();
  const int64_t height = png_get_image_height(reader.png, reader.info);
  const int64_t width = png_get_image_width(reader.png, reader.info);
  const int64_t channels = png_get_channels(reader.png, reader.info);
  const size_t stride = static_cast<size_t>(width * channels);
  if (channels < 1 || channels > 4 || png_get_rowbytes(reader.png, reader.info) != stride)
    throw Error(Code::kUnsupported, name + ": a PNG of an unknown kind");
  // Before anything large is allocated; 1 bit a pixel is the least that is stored.
  if (height * ((width + 7) / 8) > static_cast<int64_t>(bytes.size()) * kMaxRatio)
    bad_image(name, "damaged PNG: too short for its size");
  Tensor image = new_image(height, width, channels, name);
  std::vector<png_bytep> rows(static_cast<size_t>(height));
  for (size_t y = 0; y < rows.size(); ++y)
    rows[y] = static_cast<png_bytep>(image.mutable_data()) + y * stride;
  if (!reader.read(rows.data())) fail();
  return channels % 2 == 0 ? without_alpha(image, name) : image;
}

}  // namespace tenfold
