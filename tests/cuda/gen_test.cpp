// The generators: divisors, parameters, Expr code, what rows accept and offer.
#include <cstring>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/text_row.h"
#include "backends/cuda/kernels/device_texts.h"
#include "tests/support/cuda_problems.h"

namespace tenfold::cuda {
namespace {

// As gen/common.cuh divides.
int64_t divide(uint32_t n, uint32_t mul, uint32_t shift) {
  const uint32_t high = static_cast<uint32_t>((static_cast<uint64_t>(n) * mul) >> 32);
  return (high + n) >> shift;
}

TEST(Params, DivisorsAreExact) {
  std::mt19937 random(7);
  std::vector<int64_t> divisors = {1,   2,   3,    5,     7,     49,      56,
                                   112, 224, 1000, 65535, 65536, 1 << 30, 2147483647};
  for (int k = 0; k < 200; ++k) divisors.push_back(1 + random() % 2147483647u);
  for (const int64_t d : divisors) {
    ParamList list;
    list.add_divisor("d", d);
    ASSERT_EQ(list.words().size(), 3u);
    for (int k = 0; k < 2000; ++k) {
      uint32_t n = random() & 0x7fffffffu;
      if (k < 4) n = static_cast<uint32_t>(std::min<int64_t>(2147483647, d * (k + 1) - (k % 2)));
      if (k == 5) n = 2147483647u;
      ASSERT_EQ(divide(n, list.words()[1], list.words()[2]), n / d) << n << " / " << d;
    }
  }
}

TEST(Params, RefusesWhatDoesNotFit) {
  ParamList list;
  list.add("a", 2147483647);
  EXPECT_THROW(list.add("b", int64_t{1} << 31), Error);
  EXPECT_NE(list.declaration().find("int a;"), std::string::npos);
}

TEST(ExprCode, WritesStatements) {
  EXPECT_EQ(expr_code({}, ""), "r0[v] = acc0[v];\n");
  const std::string code = expr_code(Expr::parse("out0=relu(add(acc,in2))"), "");
  EXPECT_NE(code.find("acc0[v]"), std::string::npos);
  EXPECT_NE(code.find("l2[v]"), std::string::npos);
  EXPECT_NE(code.find("r0[v] = "), std::string::npos);
}

TEST(ExprCode, WritesNumbersTheSameWayEverywhere) {
  const std::string code =
      expr_code(Expr::parse("out0=clip(mul(acc,0.1),-3,212345678901234565120)"), "");
  EXPECT_NE(code.find("(real)(0.1)"), std::string::npos) << code;
  EXPECT_NE(code.find("(real)(-3.0)"), std::string::npos) << code;
  EXPECT_NE(code.find("(real)(212345678901234565120.0)"), std::string::npos) << code;
}

TEST(Rows, RefuseSizesThatTheyCannotCount) {
  const Target target = Target::parse("cuda:h200");
  const auto refusal = [&](const char* row, const std::string& text) {
    const Verdict v =
        find_row(row)->supports(Problem::parse(text + " | compute=f16 acc=f32 closed"), target);
    return v ? std::string("taken") : v.reason;
  };
  // A grid has 65535 layers, and a tile 16 columns at least.
  EXPECT_EQ(refusal("cuda.gemm", "Gemm(f16[1,8], f16[8,1048560]) -> f16[1,1048560]"),
            "more columns than a grid has layers");
  EXPECT_EQ(refusal("cuda.gemm", "Gemm(f16[1,8], f16[8,1048544]) -> f16[1,1048544]"), "taken");
  // Threads behind the last element are counted, too.
  EXPECT_NE(
      refusal("cuda.pointwise", "Pointwise(f16[2147483600]) out0=relu(in0) -> f16[2147483600]"),
      "taken");
  // The weights' packing ends before such padding does.
  const std::string depthwise =
      "Conv(f16[1,8,9,9]:cl, @f16[8,1,3,3]) {group=8, kernel=[3,3]} -> f16[1,8,7,7]:cl";
  EXPECT_EQ(refusal("cuda.depthwise", depthwise), "taken");
  EXPECT_EQ(refusal("cuda.depthwise", depthwise + "/pad5"),
            "an output padded further than the weights");
}

TEST(Rows, RefuseToResizeNothing) {
  const Target target = Target::parse("cuda:h200");
  const auto* row = static_cast<const TextRow*>(find_row("cuda.resize"));
  const Problem p = Problem::parse(
      "Resize(f32[1,2,H,4]) -> f32[1,2,6,4] | compute=f32 acc=f32 closed | H in 0..8 at 3");
  ASSERT_TRUE(row->supports(p, target));
  EXPECT_NO_THROW(row->launch(p, p.bind({{"H", 1}}), {}, target));
  EXPECT_THROW(row->launch(p, p.bind({{"H", 0}}), {}, target), Error);
}

TEST(Rows, VectorsOfPaddingReadOnlyWhatIsThere) {
  // Lanes 4 to 7 are padding of the output; the second operand's pixels have four channels.
  const Problem p = Problem::parse(
      "Pointwise(f32[1,4,5,5]:cl/pad8, f32[1,4,5,5]:cl) out0=add(in0,in1) -> f32[1,4,5,5]:cl/pad8 "
      "| "
      "compute=f32 acc=f32 closed");
  const auto* row = static_cast<const TextRow*>(find_row("cuda.pointwise"));
  const std::string text = row->request(p, {}, Target::parse("cuda:h200")).text;
  EXPECT_NE(text.find("load_pack<float, V>(at, l0)"), std::string::npos) << text;
  EXPECT_NE(text.find("o.valid == V) load_pack<float, V>(at, l1)"), std::string::npos) << text;
}

TEST(Rows, RefuseWithAReason) {
  const Target target = Target::parse("cuda:h200");
  const Problem open = Problem::parse(
      "Conv(f32[N,8,9,9], @f32[8,1,3,3]) {group=8, kernel=[3,3]} -> f32[N,8,7,7] | compute=f32 "
      "acc=f32 "
      "| N in 0..8 at 1");
  for (const Row* row : test::cuda_rows()) {
    const Verdict verdict = row->supports(open, target);
    EXPECT_EQ(verdict.yes, row->name() == "cuda.depthwise" || row->name() == "cuda.conv_direct")
        << row->name() << " " << verdict.reason;
    EXPECT_TRUE(verdict.yes || !verdict.reason.empty()) << row->name();
  }
  Problem strings = Problem::parse("Identity(string[4]) -> string[4] | compute=f32 acc=f32");
  for (const Row* row : test::cuda_rows())
    EXPECT_FALSE(row->supports(strings, target)) << row->name();
}

TEST(Rows, OfferOnlyPermittedTypes) {
  const Target target = Target::parse("cuda:h200");
  for (const Problem& open : test::cuda_problems())
    for (const Row* row : test::cuda_rows()) {
      if (!row->supports(open, target)) continue;
      const auto tuples = row->formats(open, target, {DType::kF32});
      EXPECT_EQ(tuples.empty(), row->name() == "cuda.conv_small")  // of f16 only
          << row->name() << " " << open.str();
      EXPECT_LE(
          row->formats(open, target, {DType::kF32, DType::kF16, DType::kBF16, DType::kTF32}).size(),
          8u);
      for (const FormatTuple& tuple : tuples) {
        ASSERT_EQ(tuple.inputs.size(), open.inputs.size());
        ASSERT_EQ(tuple.outputs.size(), open.outputs.size());
        EXPECT_EQ(tuple.compute, DType::kF32) << row->name();
        for (size_t k = 0; k < tuple.inputs.size(); ++k)
          EXPECT_EQ(tuple.inputs[k].dtype, open.inputs[k].format.dtype) << row->name();
      }
    }
}

// Select makes slices of what a row takes dense: refusing them would cost a copy.
TEST(Rows, TakeSlices) {
  const Target target = Target::parse("cuda:h200");
  const std::set<std::string_view> all = {
      "cuda.pointwise", "cuda.convert",     "cuda.depthwise", "cuda.conv_gemm", "cuda.pool",
      "cuda.softmax",   "cuda.global_pool", "cuda.lrn",       "cuda.concat",    "cuda.slice",
      "cuda.split",     "cuda.batch_norm",  "cuda.pad",       "cuda.transpose", "cuda.conv_small",
      "cuda.pool_any",  "cuda.normalize",   "cuda.gather",    "cuda.top_k"};
  std::set<std::string_view> taken;
  for (const Problem& open : test::cuda_problems())
    for (const Row* row : test::cuda_rows()) {
      if (!row->supports(open, target)) continue;
      EXPECT_TRUE(row->reads_slices() && row->writes_slices()) << row->name();
      for (const FormatTuple& tuple : row->formats(open, target, {DType::kF32, DType::kF16})) {
        const Problem closed = close_problem(open, tuple);
        const Problem sliced = test::with_slices(closed, true, true);
        if (sliced == closed || !row->supports(closed, target) || !all.contains(row->name()))
          continue;
        const Verdict verdict = row->supports(sliced, target);
        EXPECT_TRUE(verdict) << row->name() << " " << sliced.str() << " " << verdict.reason;
        taken.insert(row->name());
      }
    }
  EXPECT_EQ(taken.size(), all.size());
}

TEST(Rows, ShareStorageOnlyOfEqualForm) {
  const auto row = [](const std::string& name) {
    for (const Row* r : test::cuda_rows())
      if (r->name() == name) return r;
    return static_cast<const Row*>(nullptr);
  };
  const auto in_place = [&](const char* name, const std::string& text) {
    return row(name)->in_place(Problem::parse(text + " | compute=f32 acc=f32 closed"));
  };
  EXPECT_EQ(in_place("cuda.pointwise",
                     "Pointwise(f32[2,1,8], f32[2,4,8]) out0=add(in0,in1) -> f32[2,4,8]"),
            1);
  EXPECT_EQ(in_place("cuda.pointwise", "Pointwise(f16[2,4,8]) out0=relu(in0) -> f32[2,4,8]"), -1);
  EXPECT_EQ(
      in_place("cuda.pointwise", "Pointwise(f32[2,4,8]:linear@8) out0=relu(in0) -> f32[2,4,8]"),
      -1);
  EXPECT_EQ(in_place("cuda.pointwise", "Pointwise(@f32[2,4,8]) out0=relu(in0) -> f32[2,4,8]"), -1);
  EXPECT_EQ(in_place("cuda.pool",
                     "MaxPool(f32[2,4,8,8]:cl) {kernel=[3,3], pads=[1,1,1,1]} -> f32[2,4,8,8]:cl"),
            -1);
  EXPECT_EQ(in_place("cuda.softmax", "Softmax(f32[2,4]) {axis=1} -> f32[2,4]"), 0);
  EXPECT_EQ(in_place("cuda.conv_gemm",
                     "Conv(f16[2,8,5,5]:cl, @f16[8,8,1,1]:cl, f16[2,8,5,5]:cl) {kernel=[1,1]} "
                     "out0=relu(add(acc,in2)) -> f16[2,8,5,5]:cl"),
            2);
}

// A grid has 65535 layers; other rows multiply more matrices than that.
TEST(Rows, MultiplyManyMatrices) {
  const Target target = Target::parse("cuda:h200");
  for (const int64_t n : {65535, 65536}) {
    const std::string batch = std::to_string(n);
    const Problem open = Problem::parse("MatMul(f32[" + batch + ",4,8], f32[" + batch +
                                        ",8,4]) -> f32[" + batch + ",4,4] | compute=f32 acc=f32");
    for (const Row* row : test::cuda_rows("cuda.gemm"))
      EXPECT_EQ(row->supports(open, target).yes, n == 65535 || row->name() == "cuda.gemm_naive")
          << row->name();
  }
}

// In place, a load that bypasses coherence would read what other threads store.
TEST(Texts, LoadsAreCoherent) {
  for (const EmbeddedText& text : device_texts())
    for (const char* word : {"__restrict__", "__ldg", "global.nc", "__ldcs", "__ldca"})
      EXPECT_EQ(text.text.find(word), std::string_view::npos) << text.name << " has " << word;
}

TEST(Tactics, ReadsNumbers) {
  EXPECT_EQ(tactic_value("m=64 n=32", "n", 0), 32);
  EXPECT_EQ(tactic_value("m=64 n=32", "k", 5), 5);
  EXPECT_EQ(tactic_value("", "m", 7), 7);
}

}  // namespace
}  // namespace tenfold::cuda
