// The reference rows that move or choose values, against values worked out by hand.
#include <limits>

#include <gtest/gtest.h>

#include "tests/op/ref_values.h"

namespace tenfold::test {
namespace {

TEST(Ref, MovementByHand) {
  expect_values(ref("Slice(f32[2,4]) {axes=[1], ends=[-5], starts=[-1], steps=[-2]} -> f32[2,2] | "
                    "compute=f32 acc=f32 anchor=1",
                    {iota({2, 4})})[0],
                {3, 1, 7, 5});
  expect_values(ref("Transpose(f32[2,3]) {perm=[1,0]} -> f32[3,2] | compute=f32 acc=f32 anchor=1",
                    {iota({2, 3})})[0],
                {0, 3, 1, 4, 2, 5});
  expect_values(
      ref("Pad(f32[3]) {mode=\"reflect\", pads=[2,1]} -> f32[6] | compute=f32 acc=f32 anchor=1",
          {iota({3})})[0],
      {2, 1, 0, 1, 2, 1});
  expect_values(ref("Pad(f32[3]) {pads=[1,-1], value=9} -> f32[3] | compute=f32 acc=f32 anchor=1",
                    {iota({3})})[0],
                {9, 0, 1});
  expect_values(
      ref("Concat(f32[2,1], f32[2,2]) {axis=1} -> f32[2,3] | compute=f32 acc=f32 anchor=2",
          {iota({2, 1}), iota({2, 2})})[0],
      {0, 0, 1, 1, 2, 3});
  const auto pieces =
      ref("Split(f32[2,3]) {axis=1} -> f32[2,2], f32[2,1] | compute=f32 acc=f32 anchor=1",
          {iota({2, 3})});
  expect_values(pieces[0], {0, 1, 3, 4});
  expect_values(pieces[1], {2, 5});
  expect_values(ref("Tile(f32[1,2]) {repeats=[2,2]} -> f32[2,4] | compute=f32 acc=f32 anchor=1",
                    {iota({1, 2})})[0],
                {0, 1, 0, 1, 0, 1, 0, 1});
  expect_values(ref("Gather(f32[3,2], i64[2]) {axis=0} -> f32[2,2] | compute=f32 acc=f32 anchor=2",
                    {iota({3, 2}), Tensor::of<double>(DType::kI64, {2}, {-1, 0})})[0],
                {4, 5, 0, 1});
}

TEST(Ref, DepthToSpaceAndBack) {
  const Tensor x = iota({1, 8, 1, 1});
  const auto dcr =
      ref("DepthToSpace(f32[1,8,1,1]) {blocksize=2} -> f32[1,2,2,2] | compute=f32 acc=f32 anchor=1",
          {x});
  expect_values(dcr[0], {0, 2, 4, 6, 1, 3, 5, 7});
  const auto crd =
      ref("DepthToSpace(f32[1,8,1,1]) {blocksize=2, mode=\"CRD\"} -> f32[1,2,2,2] | compute=f32 "
          "acc=f32 anchor=1",
          {x});
  expect_values(crd[0], {0, 1, 2, 3, 4, 5, 6, 7});
  const auto back =
      ref("SpaceToDepth(f32[1,2,2,2]) {blocksize=2} -> f32[1,8,1,1] | compute=f32 acc=f32 anchor=1",
          {dcr[0]});
  expect_values(back[0], {0, 1, 2, 3, 4, 5, 6, 7});
}

TEST(Ref, CompressKeepsCountsAndClears) {
  const std::string tail = " | compute=f32 acc=f32 anchor=2";
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto mask = [](const std::vector<int>& values) {
    return Tensor::of<int>(DType::kBool, {static_cast<int64_t>(values.size())}, values);
  };
  auto y =
      ref("Compress(f32[2,3], bool[3]) {axis=1} -> f32[2,3], i64[]" + tail, {x, mask({1, 0, 1})});
  expect_values(y[0], {1, 3, 0, 4, 6, 0});   // zeros where there is room for more
  expect_values(y[1], {2});
  y = ref("Compress(f32[2,3], bool[2]) {axis=0} -> f32[1,3], i64[]" + tail, {x, mask({1, 1})});
  expect_values(y[0], {1, 2, 3});            // counted, though there is no room
  expect_values(y[1], {2});
  y = ref("Compress(f32[2,3], bool[5]) -> f32[5], i64[]" + tail, {x, mask({0, 1, 0, 1, 1})});
  expect_values(y[0], {2, 4, 5, 0, 0});
  expect_values(y[1], {3});
  expect_values(ref("Size(f32[2,3]) -> i64[] | compute=f32 acc=f32 anchor=1", {x})[0], {6});
}

TEST(Ref, TopKOrdersAndBreaksTies) {
  const auto y =
      ref("TopK(f32[1,5]) {axis=1, k=3} -> f32[1,3], i64[1,3] | compute=f32 acc=f32 anchor=1",
          {f32({1, 5}, {1, 7, 3, 7, 2})});
  expect_values(y[0], {7, 7, 3});
  expect_values(y[1], {1, 3, 2});
}

TEST(Ref, ResizeLinearAndNearest) {
  const Tensor x = f32({1, 1, 1, 2}, {0, 4});
  expect_values(ref("Resize(f32[1,1,1,2]) {mode=\"linear\", sizes=[1,4]} -> f32[1,1,1,4] | "
                    "compute=f32 acc=f32 anchor=1",
                    {x})[0],
                {0, 1, 3, 4});
  expect_values(ref("Resize(f32[1,1,1,2]) {coordinates=\"align_corners\", mode=\"linear\", "
                    "sizes=[1,5]} -> f32[1,1,1,5] | compute=f32 acc=f32 anchor=1",
                    {x})[0],
                {0, 1, 2, 3, 4});
  expect_values(ref("Resize(f32[1,1,1,2]) {coordinates=\"asymmetric\", rounding=\"floor\", "
                    "sizes=[1,4]} -> f32[1,1,1,4] | compute=f32 acc=f32 anchor=1",
                    {x})[0],
                {0, 0, 4, 4});
}

}  // namespace
}  // namespace tenfold::test
