// Gather: from a constant table by indices of each item, and from an item by constant indices.
#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "network_support.h"

using namespace nvinfer1;

namespace {

// The positions of an item's two largest values.
std::vector<size_t> best_two(const std::vector<float>& x) {
  std::vector<size_t> order(x.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] > x[b]; });
  order.resize(2);
  return order;
}

TEST(Gather, RowsOfATable) {
  const std::vector<float> table = numbers(6 * 5, 8);
  check(
      DimsCHW(6, 1, 1),
      [&](INetworkDefinition& net, ITensor& x) {
        auto* best = net.addTopK(x, TopKOperation::kMAX, 2, 1);
        auto* rows = net.addConstant(Dims2(6, 5), lend(table));
        return net.addGather(*rows->getOutput(0), *best->getOutput(1), 0)->getOutput(0);
      },
      {2, 1, 1, 5},
      [&](const std::vector<float>& x) {
        std::vector<float> y;
        for (const size_t k : best_two(x))
          for (size_t c = 0; c < 5; ++c) y.push_back(table[k * 5 + c]);
        return y;
      });
}

TEST(Gather, ColumnsOfATable) {
  const std::vector<float> table = numbers(3 * 6 * 2, 9);
  check(
      DimsCHW(6, 1, 1),
      [&](INetworkDefinition& net, ITensor& x) {
        auto* best = net.addTopK(x, TopKOperation::kMAX, 2, 1);
        auto* block = net.addConstant(DimsCHW(3, 6, 2), lend(table));
        return net.addGather(*block->getOutput(0), *best->getOutput(1), 1)->getOutput(0);
      },
      {3, 2, 1, 1, 2},
      [&](const std::vector<float>& x) {
        std::vector<float> y;
        for (size_t r = 0; r < 3; ++r)
          for (const size_t k : best_two(x))
            for (size_t c = 0; c < 2; ++c) y.push_back(table[(r * 6 + k) * 2 + c]);
        return y;
      });
}

TEST(Gather, ChannelsOfAnItem) {
  const std::vector<int> list = {2, 0, 2};
  check(
      DimsCHW(3, 2, 2),
      [&](INetworkDefinition& net, ITensor& x) {
        Dims one{};
        one.nbDims = 1;
        one.d[0] = 3;
        auto* channels = net.addConstant(one, Weights{DataType::kINT32, list.data(), 3});
        return net.addGather(x, *channels->getOutput(0), 0)->getOutput(0);
      },
      {3, 2, 2},
      [&](const std::vector<float>& x) {
        std::vector<float> y;
        for (const int k : list) y.insert(y.end(), x.begin() + k * 4, x.begin() + k * 4 + 4);
        return y;
      });
}

TEST(Gather, RefusesWithTheReason) {
  Messages messages;
  const auto refused = [&](int axis) {
    messages.errors.clear();
    const Result r = run_network(
        DimsCHW(4, 1, 1), 1, numbers(4, 1),
        [&](INetworkDefinition& net, ITensor& x) {
          auto* best = net.addTopK(x, TopKOperation::kMAX, 2, 1);
          return net.addGather(x, *best->getOutput(1), axis)->getOutput(0);
        },
        &messages);
    return !r.ok;
  };
  EXPECT_TRUE(refused(0));
  EXPECT_TRUE(messages.complained("one of them must be a constant")) << messages.all();
  EXPECT_TRUE(refused(3));
  EXPECT_TRUE(messages.complained("the data have no dimension 3")) << messages.all();
}

}  // namespace
