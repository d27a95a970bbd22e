// From a decoded picture to what a network's input takes: channels, DIGITS' resize modes, order.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "src/io/images.h"
#include "tenfold/diag.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

const uint8_t* pixels(const Tensor& t) { return static_cast<const uint8_t*>(t.data()); }
uint8_t* pixels(Tensor& t) { return static_cast<uint8_t*>(t.mutable_data()); }
// Of sizes: those beyond any picture stay so.
int rounded(double x) { return static_cast<int>(std::lround(std::clamp(x, -1e9, 1e9))); }

void check_image(const Tensor& image) {
  if (image.dtype() != DType::kU8 || image.dims().size() != 3 ||
      (image.dims()[2] != 1 && image.dims()[2] != 3))
    throw Error(Code::kInvalid, "a picture is u8[H,W,1] or u8[H,W,3]");
}

// The middle height x width of `image`, or the whole where that is smaller.
Tensor center_crop(const Tensor& image, int64_t height, int64_t width) {
  const int64_t h = image.dims()[0], w = image.dims()[1], c = image.dims()[2];
  height = std::min(height, h);
  width = std::min(width, w);
  if (height == h && width == w) return image;
  const int64_t top = rounded(static_cast<double>(h - height) / 2);
  const int64_t left = rounded(static_cast<double>(w - width) / 2);
  Tensor result = new_image(height, width, c, "cropped picture");
  for (int64_t y = 0; y < height; ++y)
    std::memcpy(pixels(result) + y * width * c, pixels(image) + ((top + y) * w + left) * c,
                static_cast<size_t>(width * c));
  return result;
}

using Color = std::array<uint8_t, 3>;

Color mean_color(const Tensor& image) {
  const int64_t c = image.dims()[2], count = image.count();
  double sum[3] = {};
  for (int64_t k = 0; k < count; ++k) sum[k % c] += pixels(image)[k];
  Color color{};
  for (size_t k = 0; k < static_cast<size_t>(c); ++k)
    color[k] = static_cast<uint8_t>(rounded(sum[k] * static_cast<double>(c) /
                                            static_cast<double>(std::max<int64_t>(count, 1))));
  return color;
}

// The color of borders. (DIGITS fills them with random noise, which the mean stands for.)
Color border_color(const Tensor& image, const std::vector<int32_t>& stated) {
  if (stated.empty()) return mean_color(image);
  if (stated.size() != static_cast<size_t>(image.dims()[2]))
    throw Error(Code::kInvalid, "the border's color has another number of channels");
  Color color{};
  for (size_t k = 0; k < stated.size(); ++k)
    color[k] = static_cast<uint8_t>(std::clamp(stated[k], 0, 255));
  return color;
}

// `image` in the middle of height x width, with borders of one color.
Tensor pad_to(const Tensor& image, int64_t height, int64_t width, const Color& color) {
  const int64_t h = image.dims()[0], w = image.dims()[1], c = image.dims()[2];
  if (h == height && w == width) return image;
  Tensor result = new_image(height, width, c, "padded picture");
  for (int64_t k = 0; k < height * width * c; ++k)
    pixels(result)[k] = color[static_cast<size_t>(k % c)];
  const int64_t top = (height - h) / 2, left = (width - w) / 2;
  for (int64_t y = 0; y < h; ++y)
    std::memcpy(pixels(result) + ((top + y) * width + left) * c, pixels(image) + y * w * c,
                static_cast<size_t>(w * c));
  return result;
}

// Resizes by one ratio for both axes. An axis that will be padded keeps the parity of its target,
// so that both sides get the same.
Tensor resize_by(const Tensor& image, double ratio, int height, int width, bool pads) {
  int h = std::max(1, rounded(static_cast<double>(image.dims()[0]) / ratio));
  int w = std::max(1, rounded(static_cast<double>(image.dims()[1]) / ratio));
  if (pads && h < height && (height - h) % 2 == 1) ++h;
  if (pads && w < width && (width - w) % 2 == 1) ++w;
  return resize_bilinear(image, h, w);
}

Tensor resize_mode(const Tensor& image, const Preprocess& p) {
  const int height = p.resize_height, width = p.resize_width;
  const std::string& mode = p.resize_mode;
  const double tall = static_cast<double>(image.dims()[0]) / height;
  const double wide = static_cast<double>(image.dims()[1]) / width;
  if (mode == "squash" || tall == wide) return resize_bilinear(image, height, width);
  if (mode == "crop")
    return center_crop(resize_by(image, std::min(tall, wide), height, width, false), height, width);
  if (mode == "fill")
    return pad_to(resize_by(image, std::max(tall, wide), height, width, true), height, width,
                  border_color(image, p.border));
  if (mode == "half_crop") {
    const Tensor resized = resize_by(image, (tall + wide) / 2, height, width, true);
    return pad_to(center_crop(resized, height, width), height, width,
                  border_color(image, p.border));
  }
  throw Error(Code::kInvalid, "unknown resize mode '" + mode + "'");
}

}  // namespace

Tensor convert_channels(const Tensor& image, int channels) {
  check_image(image);
  if (channels != 1 && channels != 3)
    throw Error(Code::kUnsupported,
                "pictures have 1 or 3 channels, not " + std::to_string(channels));
  const int64_t from = image.dims()[2], count = image.dims()[0] * image.dims()[1];
  if (from == channels) return image;
  Tensor result = new_image(image.dims()[0], image.dims()[1], channels, "picture");
  const uint8_t* src = pixels(image);
  uint8_t* dst = pixels(result);
  if (channels == 3) {
    for (int64_t k = 0; k < count; ++k) dst[3 * k] = dst[3 * k + 1] = dst[3 * k + 2] = src[k];
  } else {  // ITU-R 601-2 luma in 16-bit fixed point
    for (int64_t k = 0; k < count; ++k, src += 3)
      dst[k] = static_cast<uint8_t>(
          (19595u * src[0] + 38470u * src[1] + 7471u * src[2] + 0x8000u) >> 16);
  }
  return result;
}

Tensor apply_preprocess(const Tensor& image, const Preprocess& p) {
  Tensor result = convert_channels(image, p.channels);
  if (p.resize_height > 0 && p.resize_width > 0) result = resize_mode(result, p);
  if (!p.bgr || p.channels != 3) return result;
  result = result.clone();
  uint8_t* out = pixels(result);
  for (int64_t k = 0; k < result.count(); k += 3) std::swap(out[k], out[k + 2]);
  return result;
}

}  // namespace tenfold
