// Bilinear resizing with Pillow's arithmetic: a triangle filter that widens when the picture
// shrinks, coefficients in fixed point with 22 bits, rows first, then columns, 8 bits in between.
#include <algorithm>
#include <cmath>
#include <vector>

#include "src/base/threads.h"
#include "src/io/images.h"
#include "tenfold/diag.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

constexpr int kBits = 22;

// For each output position: the first input position and the weights from there.
struct Taps {
  int width = 0;               // most weights of a position
  std::vector<int> first, count;
  std::vector<int32_t> weights;  // position * width

  Taps(int64_t from, int64_t to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    const double reach = std::max(scale, 1.0), inverse = 1 / reach;
    width = static_cast<int>(std::ceil(reach)) * 2 + 1;
    first.resize(static_cast<size_t>(to));
    count.resize(static_cast<size_t>(to));
    weights.resize(static_cast<size_t>(to) * static_cast<size_t>(width));
    std::vector<double> exact(static_cast<size_t>(width));
    for (int64_t k = 0; k < to; ++k) {
      const double center = (static_cast<double>(k) + 0.5) * scale;
      const int begin = std::max(0, static_cast<int>(center - reach + 0.5));
      const int end =
          static_cast<int>(std::min<int64_t>(from, static_cast<int>(center + reach + 0.5)));
      double sum = 0;
      for (int x = begin; x < end; ++x) {
        const double distance = std::fabs((x - center + 0.5) * inverse);
        exact[static_cast<size_t>(x - begin)] = distance < 1 ? 1 - distance : 0;
        sum += exact[static_cast<size_t>(x - begin)];
      }
      first[static_cast<size_t>(k)] = begin;
      count[static_cast<size_t>(k)] = end - begin;
      int32_t* w = &weights[static_cast<size_t>(k) * static_cast<size_t>(width)];
      for (int x = 0; x < end - begin; ++x) {
        const double share =
            sum != 0 ? exact[static_cast<size_t>(x)] / sum : exact[static_cast<size_t>(x)];
        w[x] = static_cast<int32_t>(0.5 + share * (1 << kBits));
      }
    }
  }
};

// Rows a thread should at least have, where one costs `work` multiplications.
int64_t grain_of(int64_t work) {
  return std::max<int64_t>(1, (1 << 18) / std::max<int64_t>(work, 1));
}

uint8_t to_level(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kBits, 0, 255)); }

// out[y, k, c] = sum of in[y, first + x, c] * w[x].
Tensor resize_rows(const Tensor& in, int64_t to) {
  const int64_t height = in.dims()[0], from = in.dims()[1], channels = in.dims()[2];
  Tensor result = new_image(height, to, channels, "resized picture");
  const Taps taps(from, to);
  const auto* src = static_cast<const uint8_t*>(in.data());
  auto* dst = static_cast<uint8_t*>(result.mutable_data());
  parallel_for(height, grain_of(to * channels * taps.width), [&](int64_t begin, int64_t end) {
    for (int64_t y = begin; y < end; ++y)
      for (int64_t k = 0; k < to; ++k) {
        const auto at = static_cast<size_t>(k);
        const uint8_t* p = src + (y * from + taps.first[at]) * channels;
        const int32_t* w = &taps.weights[at * static_cast<size_t>(taps.width)];
        for (int64_t c = 0; c < channels; ++c) {
          int32_t sum = 1 << (kBits - 1);
          for (int x = 0; x < taps.count[at]; ++x) sum += p[x * channels + c] * w[x];
          dst[(y * to + k) * channels + c] = to_level(sum);
        }
      }
  });
  return result;
}

// out[k, i] = sum of in[first + y, i] * w[y] over a whole row i.
Tensor resize_columns(const Tensor& in, int64_t to) {
  const int64_t from = in.dims()[0], stride = in.dims()[1] * in.dims()[2];
  Tensor result = new_image(to, in.dims()[1], in.dims()[2], "resized picture");
  const Taps taps(from, to);
  const auto* src = static_cast<const uint8_t*>(in.data());
  auto* dst = static_cast<uint8_t*>(result.mutable_data());
  parallel_for(to, grain_of(stride * taps.width), [&](int64_t begin, int64_t end) {
    std::vector<int32_t> sums(static_cast<size_t>(stride));
    for (int64_t k = begin; k < end; ++k) {
      const auto at = static_cast<size_t>(k);
      std::fill(sums.begin(), sums.end(), 1 << (kBits - 1));
      for (int y = 0; y < taps.count[at]; ++y) {
        const uint8_t* p = src + (taps.first[at] + y) * stride;
        const int32_t w =
            taps.weights[at * static_cast<size_t>(taps.width) + static_cast<size_t>(y)];
        for (size_t i = 0; i < sums.size(); ++i) sums[i] += p[i] * w;
      }
      for (size_t i = 0; i < sums.size(); ++i)
        dst[k * stride + static_cast<int64_t>(i)] = to_level(sums[i]);
    }
  });
  return result;
}

}  // namespace

Tensor resize_bilinear(const Tensor& image, int height, int width) {
  if (image.dtype() != DType::kU8 || image.dims().size() != 3)
    throw Error(Code::kInvalid, "a picture is u8[H,W,C]");
  if (height < 1 || width < 1 || height > 1 << 24 || width > 1 << 24)
    throw Error(Code::kInvalid, "a picture cannot have " + std::to_string(width) + " x " +
                                    std::to_string(height) + " pixels");
  Tensor result = image;
  if (width != result.dims()[1]) result = resize_rows(result, width);
  if (height != result.dims()[0]) result = resize_columns(result, height);
  return result;
}

}  // namespace tenfold
