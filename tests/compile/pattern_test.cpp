#include "src/compile/pattern.h"

#include <gtest/gtest.h>

namespace tenfold::select {
namespace {

TEST(Pattern, ReadsOperandsAndConstants) {
  const Pattern p = parse_pattern("Conv(x, @w)");
  EXPECT_EQ(p.op, "Conv");
  ASSERT_EQ(p.args.size(), 2u);
  EXPECT_FALSE(p.args[0].constant);
  EXPECT_TRUE(p.args[1].constant);
  EXPECT_FALSE(p.variadic);
  EXPECT_TRUE(parse_pattern("Concat(...)").variadic);
  EXPECT_TRUE(parse_pattern("Pointwise").variadic);
}

TEST(Pattern, RefusesBrokenText) {
  for (const char* text : {"", "(x)", "Conv(x", "Conv(x,", "Conv(@)", "Conv(x) y", "Conv x"}) {
    EXPECT_THROW(parse_pattern(text), Error) << text;
  }
}

Graph conv_graph(bool constant_weights) {
  GraphBuilder b("g");
  const ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), 3, 8, 8});
  b.symbol({"N", 1, 64, 1, false});
  const ValueId w = constant_weights ? b.constant("w", Tensor::zeros(DType::kF32, {4, 3, 3, 3}))
                                     : b.input("w", DType::kF32, {4, 3, 3, 3});
  b.output(b.node("Conv", {x, w}, {}, "conv"), "y");
  return b.finish();
}

TEST(Pattern, ConstantOperandsAreDemanded) {
  const Pattern p = parse_pattern("Conv(x, @w)");
  const Graph with = conv_graph(true), without = conv_graph(false);
  std::string why;
  EXPECT_TRUE(matches(p, with, with.order().front(), &why));
  EXPECT_FALSE(matches(p, without, without.order().front(), &why));
  EXPECT_NE(why.find("'w'"), std::string::npos) << why;
}

}  // namespace
}  // namespace tenfold::select
