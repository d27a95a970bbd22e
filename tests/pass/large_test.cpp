// The passes' work grows with the graph, not with its square.
#include <chrono>

#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

// Seconds that the passes take over `count` links of a chain.
template <typename Link>
double seconds(int count, Link link) {
  GraphBuilder builder("long");
  builder.symbol({"N", 1, 8, 1});
  ValueId x = builder.input("x", DType::kF32, parse_shape("N,4"));
  for (int k = 0; k < count; ++k) x = link(builder, x, "n" + std::to_string(k));
  builder.output(x, "y");
  Graph graph = builder.finish();
  const auto start = std::chrono::steady_clock::now();
  canonicalize(graph);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Tensor weights(int seed) {
  Tensor t(DType::kF32, {4, 4});
  for (size_t k = 0; k < 16; ++k)
    t.as_mutable<float>()[k] = static_cast<float>(seed) + static_cast<float>(k);
  return t;
}

// Seen to take 0.2 s; a minute and more when every rewrite walked the graph.
constexpr int kLinks = 10000;
constexpr double kLimit = 20;

TEST(LargeGraphs, Products) {
  int seed = 0;
  EXPECT_LT(seconds(kLinks,
                    [&](GraphBuilder& b, ValueId x, const std::string& name) {
                      return b.node("MatMul", {x, b.constant(name + ".w", weights(++seed))}, {},
                                    name);
                    }),
            kLimit);
}

TEST(LargeGraphs, FoldedConstants) {
  ValueId c;
  EXPECT_LT(seconds(kLinks,
                    [&](GraphBuilder& b, ValueId x, const std::string& name) {
                      if (!c.valid()) c = b.constant("c", weights(1));
                      c = b.node("Sigmoid", {c}, {}, name);
                      return name == "n" + std::to_string(kLinks - 1)
                                 ? b.node("MatMul", {x, c}, {}, "last")
                                 : x;
                    }),
            kLimit);
}

// A long chain that many nodes look at.
TEST(LargeGraphs, ReshapesThatManyShare) {
  int left = kLinks / 2;
  ValueId last;
  EXPECT_LT(seconds(kLinks,
                    [&](GraphBuilder& b, ValueId x, const std::string& name) {
                      const bool in_chain = left-- > 0;
                      const ValueId from = in_chain || !last.valid() ? x : last;
                      const std::vector<int64_t> shape =
                          left % 2 ? std::vector<int64_t>{-1, 2, 2} : std::vector<int64_t>{-1, 4};
                      const ValueId y = b.node("Reshape", {from}, {{"shape", shape}}, name);
                      if (in_chain) return last = y;
                      b.output(y, name);
                      return y;
                    }),
            kLimit);
}

TEST(LargeGraphs, ReshapesAndScales) {
  const auto flatten = [](GraphBuilder& b, ValueId x, const std::string& name) {
    return b.node("Flatten", {x}, {{"axis", int64_t{1}}}, name);
  };
  EXPECT_LT(seconds(kLinks, flatten), kLimit);
  const auto scale = [](GraphBuilder& b, ValueId x, const std::string& name) {
    return b.node("Mul", {x, b.constant(name + ".s", Tensor::scalar(DType::kF32, 2))}, {}, name);
  };
  EXPECT_LT(seconds(kLinks, scale), kLimit);
}

}  // namespace
}  // namespace tenfold
