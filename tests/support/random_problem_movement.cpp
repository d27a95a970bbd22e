// Reductions, selections, and ops that move values.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/support/random_problem.h"

namespace tenfold::test {

Problem RandomProblem::reduction() {
  const std::string x = tensor(static_cast<size_t>(pick(2, 5)));
  const auto rank = static_cast<int64_t>(Type::parse(x).shape.size());
  Ints axes;
  for (int64_t k = pick(0, 7) ? 1 : 0; k < rank; ++k)
    if (pick(0, 1)) axes.push_back(pick(0, 3) ? k : k - rank);
  if (axes.empty()) axes = {rank - 1};
  std::string op = one_of(Texts{"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1",
                                "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"});
  return of(op, {x}, fmt::format("axes=[{}], keepdims={}", fmt::join(axes, ","), pick(0, 1)), 1,
            pick(0, 2) == 0);
}

Problem RandomProblem::selection() {
  const std::string dtype = one_of(Texts{"f32", "f32", "f32", "i32", "u8"});
  const std::string x = tensor(static_cast<size_t>(pick(2, 4)), 3000, dtype);
  const Shape shape = Type::parse(x).shape;
  const int64_t axis = pick(1, static_cast<int64_t>(shape.size()) - 1);
  const int64_t extent = shape[static_cast<size_t>(axis)].value();
  if (pick(0, 1))
    return of(pick(0, 2) ? "ArgMax" : "ArgMin", {x},
              fmt::format("axis={}, keepdims={}{}{}", axis, pick(0, 1),
                          pick(0, 1) ? ", select_last_index=1" : "",
                          pick(0, 2) == 0 ? ", test_whole=1" : ""));
  return of("TopK", {x},
            fmt::format("axis={}, k={}, largest={}{}", axis, pick(1, std::min<int64_t>(extent, 70)),
                        pick(0, 1), pick(0, 1) ? ", test_whole=1" : ""),
            2);
}

Problem RandomProblem::resize() {
  const size_t spatial = static_cast<size_t>(one_of(Ints{2, 2, 2, 1, 3}));
  const Ints x = several(spatial, 1, 12);
  Ints sizes = several(spatial, 1, 25);
  if (pick(0, 1))
    for (size_t k = 0; k < spatial; ++k) sizes[k] = 2 * x[k];
  std::string attrs = fmt::format("sizes=[{}]", fmt::join(sizes, ","));
  attrs += fmt::format(", coordinates=\"{}\"",
                       one_of(Texts{"half_pixel", "asymmetric", "align_corners"}));
  if (pick(0, 1))
    attrs += ", mode=\"linear\"";
  else
    attrs += fmt::format(", mode=\"nearest\", rounding=\"{}\"",
                         one_of(Texts{"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"}));
  int64_t c = channels();
  while (c > 1 &&
         c * std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>()) > 20'000)
    c = c / 2;
  return of("Resize", {fmt::format("f32[N,{},{}]", c, fmt::join(x, ","))}, attrs, 1,
            pick(0, 3) == 0);
}

Problem RandomProblem::slice() {
  const std::string x = tensor(static_cast<size_t>(pick(2, 5)), 4000,
                               one_of(Texts{"f32", "f32", "u8", "i64", "f16"}));
  const Shape shape = Type::parse(x).shape;
  Ints axes, starts, ends, steps;
  for (size_t k = 1; k < shape.size(); ++k) {
    if (pick(0, 1) && !(axes.empty() && k + 1 == shape.size())) continue;
    const int64_t n = shape[k].value(), from = pick(0, n - 1), to = pick(from + 1, n);
    axes.push_back(static_cast<int64_t>(k));
    const bool back = pick(0, 4) == 0;
    starts.push_back(back ? to - 1 : pick(0, 2) ? from : from - n);
    ends.push_back(back                    ? (from == 0 ? INT64_MIN / 4 : from - 1)
                   : pick(0, 2) || to == n ? to
                                           : to - n);
    steps.push_back((back ? -1 : 1) * (pick(0, 2) ? 1 : pick(1, 4)));
  }
  return of("Slice", {x},
            fmt::format("axes=[{}], starts=[{}], ends=[{}], steps=[{}]", fmt::join(axes, ","),
                        fmt::join(starts, ","), fmt::join(ends, ","), fmt::join(steps, ",")),
            1, pick(0, 4) == 0);
}

Problem RandomProblem::pad() {
  const std::string x =
      tensor(static_cast<size_t>(pick(2, 5)), 2000, one_of(Texts{"f32", "f32", "u8", "f16"}));
  const Shape shape = Type::parse(x).shape;
  const std::string mode = one_of(Texts{"constant", "constant", "edge", "reflect"});
  Ints pads(2 * shape.size(), 0);
  for (size_t k = 1; k < shape.size(); ++k)
    for (const size_t at : {k, k + shape.size()}) {
      const int64_t n = shape[k].value();
      if (pick(0, 1))
        pads[at] = mode == "reflect" ? pick(0, std::min<int64_t>(n - 1, 4)) : pick(0, 4);
      // What is cut leaves something.
      if (pick(0, 5) == 0 && n > 4) pads[at] = -pick(0, 2);
    }
  return of("Pad", {x},
            fmt::format("pads=[{}], mode=\"{}\"{}", fmt::join(pads, ","), mode,
                        mode == "constant" && pick(0, 1) ? ", value=2" : ""),
            1, pick(0, 4) == 0);
}

Problem RandomProblem::concat(const std::string& dtype) {
  const std::string x = tensor(static_cast<size_t>(pick(2, 5)), 1500, dtype);
  Type t = Type::parse(x);
  const auto axis = static_cast<size_t>(pick(1, static_cast<int64_t>(t.shape.size()) - 1));
  Texts inputs{x};
  for (int64_t k = pick(1, 6); k > 0; --k) {
    if (pick(0, 1)) t.shape[axis] = pick(1, 17);
    inputs.push_back(t.str());
  }
  return of("Concat", inputs, fmt::format("axis={}", axis), 1, pick(0, 4) == 0);
}

Problem RandomProblem::movement() {
  const std::string dtype = one_of(Texts{"f32", "f32", "f32", "u8", "f16", "i32", "i64"});
  const std::string x = tensor(static_cast<size_t>(pick(2, 5)), 4000, dtype);
  const Shape shape = Type::parse(x).shape;
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = pick(1, rank - 1);
  const int64_t extent = shape[static_cast<size_t>(axis)].value();
  const bool fused = pick(0, 4) == 0;
  switch (pick(0, 8)) {
    case 0: return concat(dtype);
    case 1: return slice();
    case 2: return pad();
    case 3: {
      Ints parts;
      for (int64_t left = extent; left > 0 && parts.size() < 6; left -= parts.back())
        parts.push_back(parts.size() == 5 ? left : pick(1, left));
      return of("Split", {x}, fmt::format("axis={}, split=[{}]", axis, fmt::join(parts, ",")),
                static_cast<int>(parts.size()));
    }
    case 4:
    case 5: {
      Ints perm(static_cast<size_t>(rank));
      std::iota(perm.begin(), perm.end(), 0);
      std::shuffle(perm.begin() + (pick(0, 3) ? 1 : 0), perm.end(), rng_);
      return of("Transpose", {x}, fmt::format("perm=[{}]", fmt::join(perm, ",")), 1, fused);
    }
    case 6: {
      Ints repeats = several(static_cast<size_t>(rank), 1, rank > 3 ? 2 : 3);
      repeats[0] = 1;
      return of("Tile", {x}, fmt::format("repeats=[{}]", fmt::join(repeats, ",")), 1, fused);
    }
    case 7: {
      const int64_t block = pick(2, 3), c = pick(1, 20), h = pick(1, 6), w = pick(1, 6);
      const std::string mode = pick(0, 1) ? "DCR" : "CRD";
      if (pick(0, 1))
        return of("DepthToSpace", {fmt::format("{}[N,{},{},{}]", dtype, c * block * block, h, w)},
                  fmt::format("blocksize={}, mode=\"{}\"", block, mode), 1, fused);
      return of("SpaceToDepth", {fmt::format("{}[N,{},{},{}]", dtype, c, h * block, w * block)},
                fmt::format("blocksize={}, mode=\"{}\"", block, mode), 1, fused);
    }
    default: {
      const Ints dims = several(static_cast<size_t>(pick(0, 2)), 1, 5);
      return of("Gather",
                {x, fmt::format("{}[{}]", pick(0, 1) ? "i64" : "i32", fmt::join(dims, ","))},
                fmt::format("axis={}", axis), 1, fused);
    }
  }
}

}  // namespace tenfold::test
