// Layers of the interface against loops written out here, for a batch of two; those that map every
// element on its own are in pointwise_test.cpp.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "network_support.h"

using namespace nvinfer1;

namespace {

struct Window {
  int k, s, p0, p1, d = 1;
  int out(int in) const { return (in + p0 + p1 - (d * (k - 1) + 1)) / s + 1; }
};

// Convolution over square windows with zero padding.
std::vector<float> convolve(const std::vector<float>& x, int c, int h, int w, int m, int g,
                            Window v, const std::vector<float>& weights,
                            const std::vector<float>& bias) {
  const int oh = v.out(h), ow = v.out(w), cg = c / g, mg = m / g;
  std::vector<float> y(static_cast<size_t>(m * oh * ow));
  for (int o = 0; o < m; ++o)
    for (int i = 0; i < oh; ++i)
      for (int j = 0; j < ow; ++j) {
        double sum = bias.empty() ? 0 : bias[static_cast<size_t>(o)];
        for (int q = 0; q < cg; ++q)
          for (int a = 0; a < v.k; ++a)
            for (int b = 0; b < v.k; ++b) {
              const int r = i * v.s - v.p0 + a * v.d, t = j * v.s - v.p0 + b * v.d;
              if (r < 0 || r >= h || t < 0 || t >= w) continue;
              sum += double(weights[static_cast<size_t>(((o * cg + q) * v.k + a) * v.k + b)]) *
                     x[static_cast<size_t>(((o / mg * cg + q) * h + r) * w + t)];
            }
        y[static_cast<size_t>((o * oh + i) * ow + j)] = static_cast<float>(sum);
      }
  return y;
}

TEST(Convolution, GroupsStridePaddingDilation) {
  const std::vector<float> w = numbers(6 * 2 * 9, 2), b = numbers(6, 3);
  check(
      DimsCHW(4, 9, 8),
      [&](INetworkDefinition& net, ITensor& x) {
        auto* layer = net.addConvolution(x, 6, DimsHW(3, 3), lend(w), lend(b));
        layer->setStride(DimsHW(2, 2));
        layer->setPadding(DimsHW(1, 1));
        layer->setDilation(DimsHW(2, 2));
        layer->setNbGroups(2);
        return layer->getOutput(0);
      },
      {6, 4, 3}, [&](const auto& x) { return convolve(x, 4, 9, 8, 6, 2, {3, 2, 1, 1, 2}, w, b); });
}

TEST(Convolution, SamePadding) {
  const std::vector<float> w = numbers(3 * 2 * 4, 4);
  for (const PaddingMode mode : {PaddingMode::kSAME_UPPER, PaddingMode::kSAME_LOWER})
    check(
        DimsCHW(2, 5, 5),
        [&](INetworkDefinition& net, ITensor& x) {
          auto* layer = net.addConvolution(x, 3, DimsHW(2, 2), lend(w), none());
          layer->setPaddingMode(mode);
          return layer->getOutput(0);
        },
        {3, 5, 5},
        [&](const auto& x) {
          const bool upper = mode == PaddingMode::kSAME_UPPER;
          return convolve(x, 2, 5, 5, 3, 1, {2, 1, upper ? 0 : 1, upper ? 1 : 0}, w, {});
        });
}

TEST(Convolution, HalfWeightsAndChangedKernel) {
  const std::vector<uint16_t> half = {0x3c00, 0xc000, 0x3800, 0x0000};  // 1, -2, 0.5, 0
  const std::vector<float> w = {1, -2, 0.5f, 0}, wrong = {1};
  check(
      DimsCHW(1, 3, 3),
      [&](INetworkDefinition& net, ITensor& x) {
        auto* layer = net.addConvolution(x, 1, DimsHW(1, 1), lend(wrong), none());
        layer->setKernelSize(DimsHW(2, 2));
        layer->setKernelWeights({DataType::kHALF, half.data(), 4});
        return layer->getOutput(0);
      },
      {1, 2, 2}, [&](const auto& x) { return convolve(x, 1, 3, 3, 1, 1, {2, 1, 0, 0}, w, {}); });
}

TEST(Deconvolution, SpreadsEveryInput) {
  const std::vector<float> w = numbers(2 * 3 * 9, 5), b = numbers(3, 6);
  check(
      DimsCHW(2, 3, 3),
      [&](INetworkDefinition& net, ITensor& x) {
        auto* layer = net.addDeconvolution(x, 3, DimsHW(3, 3), lend(w), lend(b));
        layer->setStride(DimsHW(2, 2));
        layer->setPadding(DimsHW(1, 1));
        return layer->getOutput(0);
      },
      {3, 5, 5},
      [&](const auto& x) {
        std::vector<float> y;
        for (int m = 0; m < 3; ++m) y.insert(y.end(), 25, b[static_cast<size_t>(m)]);
        for (int c = 0; c < 2; ++c)
          for (int i = 0; i < 9; ++i)
            for (int m = 0; m < 3; ++m)
              for (int k = 0; k < 9; ++k) {
                const int r = i / 3 * 2 - 1 + k / 3, t = i % 3 * 2 - 1 + k % 3;
                if (r < 0 || r >= 5 || t < 0 || t >= 5) continue;
                y[static_cast<size_t>((m * 5 + r) * 5 + t)] +=
                    x[static_cast<size_t>(c * 9 + i)] * w[static_cast<size_t>((c * 3 + m) * 9 + k)];
              }
        return y;
      });
}

std::vector<float> pool(const std::vector<float>& x, int h, int k, int s, int p, int out, bool max,
                        bool exclusive) {
  std::vector<float> y;
  for (int i = 0; i < out; ++i)
    for (int j = 0; j < out; ++j) {
      double sum = 0, best = -INFINITY;
      int seen = 0, padded = 0;
      for (int r = i * s - p; r < i * s - p + k; ++r)
        for (int t = j * s - p; t < j * s - p + k; ++t) {
          if (r < h + p && t < h + p) ++padded;
          if (r < 0 || r >= h || t < 0 || t >= h) continue;
          const double v = x[static_cast<size_t>(r * h + t)];
          sum += v;
          best = std::max(best, v);
          ++seen;
        }
      y.push_back(static_cast<float>(max ? best : sum / (exclusive ? seen : padded)));
    }
  return y;
}

TEST(Pooling, RoundsDownUnlessToldOtherwise) {
  auto with = [](PoolingType type, PaddingMode mode, bool exclusive) {
    return [=](INetworkDefinition& net, ITensor& x) {
      auto* layer = net.addPooling(x, type, DimsHW(3, 3));
      layer->setStride(DimsHW(2, 2));
      layer->setPadding(DimsHW(1, 1));
      layer->setPaddingMode(mode);
      layer->setAverageCountExcludesPadding(exclusive);
      return layer->getOutput(0);
    };
  };
  const DimsCHW in(1, 6, 6);
  check(in, with(PoolingType::kMAX, PaddingMode::kEXPLICIT_ROUND_DOWN, true), {1, 3, 3},
        [](const auto& x) { return pool(x, 6, 3, 2, 1, 3, true, true); });
  check(in, with(PoolingType::kMAX, PaddingMode::kCAFFE_ROUND_UP, true), {1, 4, 4},
        [](const auto& x) { return pool(x, 6, 3, 2, 1, 4, true, true); });
  check(in, with(PoolingType::kAVERAGE, PaddingMode::kEXPLICIT_ROUND_DOWN, true), {1, 3, 3},
        [](const auto& x) { return pool(x, 6, 3, 2, 1, 3, false, true); });
  check(in, with(PoolingType::kAVERAGE, PaddingMode::kCAFFE_ROUND_UP, false), {1, 4, 4},
        [](const auto& x) { return pool(x, 6, 3, 2, 1, 4, false, false); });
}

TEST(Pooling, BlendAndFormula) {
  struct Formula : IOutputDimensionsFormula {
    DimsHW compute(DimsHW in, DimsHW, DimsHW stride, DimsHW, DimsHW, const char*) const override {
      return DimsHW((in.h() + stride.h() - 1) / stride.h(), (in.w() + stride.w() - 1) / stride.w());
    }
  } formula;
  check(
      DimsCHW(1, 5, 5),
      [&](INetworkDefinition& net, ITensor& x) {
        net.setPoolingOutputDimensionsFormula(&formula);
        auto* layer = net.addPooling(x, PoolingType::kMAX_AVERAGE_BLEND, DimsHW(2, 2));
        layer->setStride(DimsHW(2, 2));
        layer->setBlendFactor(0.25f);
        return layer->getOutput(0);
      },
      {1, 3, 3},
      [](const auto& x) {
        const std::vector<float> a = pool(x, 5, 2, 2, 0, 3, true, true);
        const std::vector<float> b = pool(x, 5, 2, 2, 0, 3, false, true);
        std::vector<float> y;
        for (size_t k = 0; k < 9; ++k) y.push_back(0.75f * a[k] + 0.25f * b[k]);
        return y;
      });
}

TEST(FullyConnected, FlattensAndStaysThreeDimensional) {
  const std::vector<float> w = numbers(5 * 12, 7), b = numbers(5, 8), w2 = numbers(3 * 5, 9);
  check(
      DimsCHW(3, 2, 2),
      [&](INetworkDefinition& net, ITensor& x) {
        ITensor* h = net.addFullyConnected(x, 5, lend(w), lend(b))->getOutput(0);
        const Dims d = h->getDimensions();
        EXPECT_EQ(extents(d), (std::vector<int>{5, 1, 1}));
        h = net.addActivation(*h, ActivationType::kTANH)->getOutput(0);
        return net.addFullyConnected(*h, 3, lend(w2), none())->getOutput(0);
      },
      {3, 1, 1},
      [&](const auto& x) {
        std::vector<float> h(5), y(3);
        for (size_t o = 0; o < 5; ++o) {
          h[o] = b[o];
          for (size_t k = 0; k < 12; ++k) h[o] += w[o * 12 + k] * x[k];
          h[o] = std::tanh(h[o]);
        }
        for (size_t o = 0; o < 3; ++o)
          for (size_t k = 0; k < 5; ++k) y[o] += w2[o * 5 + k] * h[k];
        return y;
      });
}

TEST(LRN, AcrossChannels) {
  check(
      DimsCHW(5, 1, 2),
      [](INetworkDefinition& net, ITensor& x) {
        return net.addLRN(x, 3, 0.6f, 0.75f, 2)->getOutput(0);
      },
      {5, 1, 2},
      [](const auto& x) {
        std::vector<float> y;
        for (int c = 0; c < 5; ++c)
          for (int i = 0; i < 2; ++i) {
            double sum = 0;
            for (int q = std::max(c - 1, 0); q <= std::min(c + 1, 4); ++q)
              sum += std::pow(x[static_cast<size_t>(q * 2 + i)], 2);
            y.push_back(x[static_cast<size_t>(c * 2 + i)] /
                        static_cast<float>(std::pow(2 + 0.6 / 3 * sum, 0.75)));
          }
        return y;
      });
}

TEST(SoftMax, ChannelsUnlessToldOtherwise) {
  auto soft = [](std::vector<float> y, size_t count, size_t stride, size_t start) {
    double sum = 0;
    for (size_t k = 0; k < count; ++k) sum += std::exp(y[start + k * stride]);
    for (size_t k = 0; k < count; ++k)
      y[start + k * stride] = static_cast<float>(std::exp(y[start + k * stride]) / sum);
    return y;
  };
  for (const uint32_t axes : {0u, 1u, 4u, 6u, 7u})
    check(
        DimsCHW(3, 2, 4),
        [axes](INetworkDefinition& net, ITensor& x) {
          auto* layer = net.addSoftMax(x);
          if (axes) layer->setAxes(axes);
          EXPECT_EQ(layer->getAxes(), axes ? axes : 1u);
          return layer->getOutput(0);
        },
        {3, 2, 4},
        [&](std::vector<float> y) {
          if (axes <= 1)
            for (size_t k = 0; k < 8; ++k) y = soft(y, 3, 8, k);
          else if (axes == 4)
            for (size_t k = 0; k < 6; ++k) y = soft(y, 4, 1, 4 * k);
          else if (axes == 6)
            for (size_t k = 0; k < 3; ++k) y = soft(y, 8, 1, 8 * k);
          else
            y = soft(y, 24, 1, 0);
          return y;
        });
}

TEST(Concatenation, ChannelsUnlessToldOtherwise) {
  for (const int axis : {-1, 2})
    check(
        DimsCHW(2, 1, 2),
        [axis](INetworkDefinition& net, ITensor& x) {
          ITensor* n = net.addUnary(x, UnaryOperation::kNEG)->getOutput(0);
          ITensor* list[] = {&x, n};
          auto* layer = net.addConcatenation(list, 2);
          if (axis >= 0) layer->setAxis(axis);
          return layer->getOutput(0);
        },
        axis < 0 ? std::vector<int>{4, 1, 2} : std::vector<int>{2, 1, 4},
        [axis](const auto& x) {
          if (axis < 0)
            return std::vector<float>{x[0], x[1], x[2], x[3], -x[0], -x[1], -x[2], -x[3]};
          return std::vector<float>{x[0], x[1], -x[0], -x[1], x[2], x[3], -x[2], -x[3]};
        });
}

TEST(Padding, AddsZerosAndCrops) {
  check(
      DimsCHW(1, 2, 2),
      [](INetworkDefinition& net, ITensor& x) {
        return net.addPadding(x, DimsHW(1, -1), DimsHW(0, 1))->getOutput(0);
      },
      {1, 3, 2}, [](const auto& x) { return std::vector<float>{0, 0, x[1], 0, x[3], 0}; });
}

TEST(Shuffle, TransposesAndReshapes) {
  check(
      DimsCHW(2, 3, 1),
      [](INetworkDefinition& net, ITensor& x) {
        auto* layer = net.addShuffle(x);
        layer->setFirstTranspose(Permutation{{1, 0, 2}});
        layer->setReshapeDimensions(Dims2(-1, 3));
        layer->setSecondTranspose(Permutation{{1, 0}});
        return layer->getOutput(0);
      },
      {3, 2}, [](const auto& x) { return std::vector<float>{x[0], x[4], x[3], x[2], x[1], x[5]}; });
}

TEST(Reduce, SumsAndMeans) {
  check(
      DimsCHW(2, 2, 2),
      [](INetworkDefinition& net, ITensor& x) {
        ITensor* sum = net.addReduce(x, ReduceOperation::kSUM, 4, false)->getOutput(0);
        return net.addReduce(*sum, ReduceOperation::kMAX, 1, true)->getOutput(0);
      },
      {1, 2},
      [](const auto& x) {
        return std::vector<float>{std::max(x[0] + x[1], x[4] + x[5]),
                                  std::max(x[2] + x[3], x[6] + x[7])};
      });
}

TEST(Slice, TakesEverySecond) {
  check(
      DimsCHW(1, 2, 5),
      [](INetworkDefinition& net, ITensor& x) {
        return net.addSlice(x, Dims3(0, 1, 0), Dims3(1, 1, 3), Dims3(1, 1, 2))->getOutput(0);
      },
      {1, 1, 3}, [](const auto& x) { return std::vector<float>{x[5], x[7], x[9]}; });
}

TEST(MatrixMultiply, TransposesAndConstants) {
  const std::vector<float> w = numbers(6, 15);
  check(
      DimsCHW(1, 2, 3),
      [&](INetworkDefinition& net, ITensor& x) {
        ITensor* k = net.addConstant(DimsCHW(1, 2, 3), lend(w))->getOutput(0);
        return net.addMatrixMultiply(x, false, *k, true)->getOutput(0);
      },
      {1, 2, 2},
      [&](const auto& x) {
        std::vector<float> y(4);
        for (size_t i = 0; i < 2; ++i)
          for (size_t j = 0; j < 2; ++j)
            for (size_t k = 0; k < 3; ++k) y[i * 2 + j] += x[i * 3 + k] * w[j * 3 + k];
        return y;
      });
}

TEST(TopK, ValuesInOrder) {
  check(
      DimsCHW(4, 1, 1),
      [](INetworkDefinition& net, ITensor& x) {
        auto* layer = net.addTopK(x, TopKOperation::kMAX, 2, 1);
        EXPECT_EQ(layer->getOutput(1)->getType(), DataType::kINT32);
        return layer->getOutput(0);
      },
      {2, 1, 1},
      [](std::vector<float> x) {
        std::sort(x.begin(), x.end(), std::greater<float>());
        x.resize(2);
        return x;
      });
}

}  // namespace
