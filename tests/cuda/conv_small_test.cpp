// cuda.conv_small's tiles and estimates, without a GPU.
#include <gtest/gtest.h>

#include "backends/cuda/gen/text_row.h"
#include "backends/cuda/kernels/conv_small_tile.h"
#include "tests/support/cuda_problems.h"

namespace tenfold {
namespace {

using cuda::small_conv;
using cuda::SmallTile;

const Target& h200() {
  static const Target target = Target::parse("cuda:h200");
  return target;
}

// A 3x3 convolution of `side` x `side` pixels, closed in the row's first formats.
Problem closed(int channels, int filters, int side, int batch, const char* residual = "") {
  const std::string picture = "," + std::to_string(side) + "," + std::to_string(side) + "]";
  const std::string c = std::to_string(channels), f = std::to_string(filters);
  const bool adds = *residual != 0;
  const Problem open =
      Problem::parse("Conv(f32[N," + c + picture + ", @f32[" + f + "," + c + ",3,3]" +
                     (adds ? ", f32[N," + f + picture : "") +
                     ") {dilations=[1,1], group=1, kernel=[3,3], pads=[1,1,1,1], strides=[1,1]}" +
                     (adds ? std::string(" out0=") + residual : "") + " -> f32[N," + f + picture +
                     " | compute=f32 acc=f32 | N in 0..64 at " + std::to_string(batch));
  const Row* row = find_row("cuda.conv_small");
  return close_problem(open, row->formats(open, h200(), {DType::kF16, DType::kF32}).at(0));
}

TEST(ConvSmall, TilesFitAndAreTexts) {
  const Row& row = *find_row("cuda.conv_small");
  for (const auto& [channels, side] :
       {std::pair(16, 56), {64, 56}, {128, 28}, {256, 14}, {512, 7}}) {
    const Problem p = closed(channels, channels, side, 1);
    ASSERT_TRUE(row.supports(p, h200())) << row.supports(p, h200()).reason;
    const auto tactics = row.tactics(p, h200());
    EXPECT_GE(tactics.size(), 3u);
    EXPECT_LE(tactics.size(), 12u);
    const auto conv = small_conv(p.bind(p.tuning()));
    for (const Tactic& tactic : tactics) {
      const SmallTile tile = SmallTile::parse(tactic);
      EXPECT_EQ(tile.str(), tactic);
      EXPECT_LE(tile.threads(), 512);
      EXPECT_LE(cuda::shared_bytes_of(conv, tile), 100 * 1024);
      EXPECT_EQ(conv.blocks % (tile.wc * tile.chunks), 0);
      EXPECT_EQ(conv.taps_h * conv.taps_w % tile.wt, 0);
    }
  }
}

TEST(ConvSmall, MalformedTacticsAreRefused) {
  for (const char* text : {"", "rows=1", "rows=0 cols=8 wn=1 mt=1 wc=1 wt=1 chunks=1 depth=1",
                           "rows=1 cols=8 wn=1 mt=1 wc=1 wt=1 chunks=1 depth=9999"})
    EXPECT_THROW(SmallTile::parse(text), Error) << text;
}

TEST(ConvSmall, TilesThatDoNotFitAreRefused) {
  const auto& row = static_cast<const cuda::TextRow&>(*find_row("cuda.conv_small"));
  const Problem p = closed(64, 64, 14, 1);
  EXPECT_NO_THROW(row.request(p, row.tactics(p, h200()).back(), h200()));
  for (const char* text : {"rows=1024 cols=1024 wn=1024 mt=1024 wc=1024 wt=1024 chunks=1 depth=1",
                           "rows=1 cols=8 wn=1 mt=1 wc=3 wt=1 chunks=1 depth=1",
                           "rows=1 cols=8 wn=3 mt=1 wc=1 wt=1 chunks=1 depth=1"})
    EXPECT_THROW(row.request(p, text, h200()), Error) << text;
}

TEST(ConvSmall, RefusesWhatOthersDoBetter) {
  const Row& row = *find_row("cuda.conv_small");
  EXPECT_TRUE(row.supports(closed(128, 128, 28, 8), h200()));
  const Verdict large = row.supports(closed(128, 128, 28, 64), h200());
  EXPECT_FALSE(large);
  EXPECT_NE(large.reason.find("output pixels"), std::string::npos) << large.reason;
  EXPECT_FALSE(row.supports(closed(128, 127, 28, 1), h200()));
  // Few channels pay at any batch.
  for (const Problem& open : test::read_problems("timing.case")) {
    if (open.op != "Conv" || open.inputs[0].dims[1] != Dim(3)) continue;
    int offered = 0;
    for (const FormatTuple& tuple : row.formats(open, h200(), {DType::kF32, DType::kF16}))
      offered += bool(row.supports(close_problem(open, tuple), h200()));
    EXPECT_GT(offered, 0) << open.str();
  }
}

// A larger batch takes longer; so does an operand of the output's size.
TEST(ConvSmall, EstimatesGrow) {
  const Row& row = *find_row("cuda.conv_small");
  const double one = row.estimate(closed(256, 256, 14, 1), h200());
  EXPECT_LT(one * 1.5, row.estimate(closed(256, 256, 14, 8), h200()));
  EXPECT_LT(one, row.estimate(closed(256, 256, 14, 1, "add(acc,in2)"), h200()));
}

}  // namespace
}  // namespace tenfold
