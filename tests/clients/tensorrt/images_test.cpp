// Layers of images on more than three dimensions: those before [channels, height, width] count as
// more items of the batch.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "network_support.h"

using namespace nvinfer1;

namespace {

const Dims kIn = Dims4(3, 2, 4, 4);
constexpr size_t kImage = 2 * 4 * 4, kPlane = 4 * 4;

// `of_image(image)` of each of the three images, one after the other.
template <class Fn>
std::vector<float> each(const std::vector<float>& x, const Fn& of_image) {
  std::vector<float> y;
  for (size_t at = 0; at < x.size(); at += kImage) {
    const std::vector<float> one = of_image(std::vector<float>(&x[at], &x[at] + kImage));
    y.insert(y.end(), one.begin(), one.end());
  }
  return y;
}

TEST(Images, Convolution) {
  const std::vector<float> w = numbers(5 * 2, 2), b = numbers(5, 3);
  check(
      kIn,
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addConvolution(x, 5, DimsHW(1, 1), lend(w), lend(b))->getOutput(0);
      },
      {3, 5, 4, 4},
      [&](const std::vector<float>& item) {
        return each(item, [&](const std::vector<float>& x) {
          std::vector<float> y;
          for (size_t m = 0; m < 5; ++m)
            for (size_t i = 0; i < kPlane; ++i)
              y.push_back(b[m] + w[m * 2] * x[i] + w[m * 2 + 1] * x[kPlane + i]);
          return y;
        });
      });
}

TEST(Images, Deconvolution) {
  const std::vector<float> w = numbers(2 * 3, 4);
  check(
      kIn,
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addDeconvolution(x, 3, DimsHW(1, 1), lend(w), none())->getOutput(0);
      },
      {3, 3, 4, 4},
      [&](const std::vector<float>& item) {
        return each(item, [&](const std::vector<float>& x) {
          std::vector<float> y;
          for (size_t m = 0; m < 3; ++m)
            for (size_t i = 0; i < kPlane; ++i) y.push_back(w[m] * x[i] + w[3 + m] * x[kPlane + i]);
          return y;
        });
      });
}

TEST(Images, PoolingOfEveryKind) {
  for (const PoolingType kind :
       {PoolingType::kMAX, PoolingType::kAVERAGE, PoolingType::kMAX_AVERAGE_BLEND})
    check(
        kIn,
        [&](INetworkDefinition& net, ITensor& x) {
          auto* layer = net.addPooling(x, kind, DimsHW(4, 4));
          layer->setBlendFactor(0.25f);
          return layer->getOutput(0);
        },
        {3, 2, 1, 1},
        [&](const std::vector<float>& item) {
          std::vector<float> y;
          for (size_t at = 0; at < item.size(); at += kPlane) {
            float max = item[at], sum = 0;
            for (size_t i = at; i < at + kPlane; ++i) {
              max = std::max(max, item[i]);
              sum += item[i];
            }
            const float share = kind == PoolingType::kMAX       ? 0
                                : kind == PoolingType::kAVERAGE ? 1
                                                                : 0.25f;
            y.push_back((1 - share) * max + share * sum / kPlane);
          }
          return y;
        });
}

TEST(Images, InnerProductAndSoftmax) {
  const std::vector<float> w = numbers(6 * kImage, 5), b = numbers(6, 6);
  check(
      kIn,
      [&](INetworkDefinition& net, ITensor& x) {
        auto* product = net.addFullyConnected(x, 6, lend(w), lend(b));
        return net.addSoftMax(*product->getOutput(0))->getOutput(0);
      },
      {3, 6, 1, 1},
      [&](const std::vector<float>& item) {
        return each(item, [&](const std::vector<float>& x) {
          std::vector<float> y(6);
          double sum = 0;
          for (size_t m = 0; m < 6; ++m) {
            double product = b[m];
            for (size_t i = 0; i < kImage; ++i) product += double{w[m * kImage + i]} * x[i];
            sum += y[m] = static_cast<float>(std::exp(product));
          }
          for (float& v : y) v = static_cast<float>(v / sum);
          return y;
        });
      });
}

TEST(Images, LRN) {
  check(
      kIn,
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addLRN(x, 1, 2, 0.5f, 3)->getOutput(0);
      },
      {3, 2, 4, 4},
      [&](std::vector<float> x) {
        for (float& v : x) v /= std::sqrt(3 + 2 * v * v);
        return x;
      });
}

TEST(Images, TooFewDimensionsAreTold) {
  Messages messages;
  const Result r = run_network(
      Dims2(4, 6), 1, numbers(24, 1),
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addPooling(x, PoolingType::kMAX, DimsHW(2, 2))->getOutput(0);
      },
      &messages);
  EXPECT_FALSE(r.ok);
  EXPECT_TRUE(messages.complained("[4,6], [channels, height, width] expected")) << messages.all();
}

}  // namespace
