// Problems and what they are made of: text round trips, checks, mutations of texts.
#include "tenfold/problem.h"

#include <cmath>

#include "tenfold/diag.h"
#include "tests/expr/random_expr.h"

namespace tenfold {
namespace {

using test::Random;

constexpr const char* kProblems[] = {
    "Conv(f32[N,3,8,8], @f32[4,3,3,3], @f32[4,1,1]) {pads=[1,1,1,1]} out0=relu(add(acc,in2))"
    " -> f32[N,4,8,8] | compute=f32 acc=f32 | N in 0..64 at 1",
    "Conv(f16[N,64,56,56]:cl/pad8, @f16[64,1,3,3]) {group=64, kernel=[3,3], strides=[2,2],"
    " pads=[1,1,1,1], dilations=[1,1]} -> f16[N,64,28,28]:cl@256 | compute=f16 acc=f32 closed | N "
    "in 1..8 at 4",
    "MaxPool(f32[2,3,7,7]:c16) {kernel=[3,3], strides=[2,2], ceil_mode=1} -> f32[2,3,3,3]:c16",
    "Gemm(f32[N,K], @f32[10,K]) {transB=1} out0=add(acc,1.5) -> f32[N,10] | compute=tf32 acc=f32"
    " | K in 1..100 at 10, N in 0..4 at 1 counted",
    "Pointwise(i8[N,16]:linear*0.02, f32[1]) t2=dequantize(in0,0.02,0); out0=mul(t2,in1); "
    "out1:f16=t2"
    " -> f32[N,16], f16[N,16] | compute=f32 acc=f32 | N in 0..64 at 1",
    "Plugin(f32[floordiv(H,2),2*N+1]) {alpha=0.1, mode=\"a\\\"b\\n\", names=[\"x\",\"y\"], "
    "axes=[], r=[1.0,nan],"
    " e=floats[], \"odd name\"=-3} -> f32[max(H,N)] | | H in 2..30 at 7, N in 0..64 at 1",
};

TEST(Problem, ReadsWhatItPrints) {
  for (const char* text : kProblems) {
    const Problem p = Problem::parse(text);
    const Problem q = Problem::parse(p.str());
    EXPECT_EQ(q.str(), p.str());
    if (p.op != "Plugin") {
      EXPECT_EQ(q, p) << p.str();  // a NaN attribute equals nothing
    }
    EXPECT_EQ(p.hash(), q.hash());
  }
}

TEST(Problem, RandomRoundTrips) {
  Random random;
  SCOPED_TRACE(random.seed);
  for (int k = 0; k < 500; ++k) {
    Problem p;
    p.op = random.coin() ? "Pointwise" : "Plugin";
    const int inputs = static_cast<int>(random.below(4));
    for (int m = 0; m < inputs; ++m) {
      Operand o;
      o.dims = {Dim::symbol("N"), random.coin() ? Dim(1) : Dim(24), 7};
      o.format.dtype = random.coin() ? DType::kF16 : DType::kU8;
      if (random.coin())
        o.format.layout = Layout::channels_last(static_cast<int>(random.between(1, 16)));
      if (random.coin()) o.format.scale = std::fabs(random.real()) + 1e-9;
      if (random.below(4) == 0) o.format.enclosing = random.between(24, 100);
      o.constant = random.coin();
      p.inputs.push_back(o);
    }
    Operand out;
    out.dims = {Dim::symbol("N"), 24, 7};
    p.outputs = {out};
    p.expr = test::random_expr(random, inputs, 1, p.op != "Pointwise");
    p.attrs.set("x", random.real());
    p.attrs.set("list", std::vector<int64_t>{random.between(-5, 5), INT64_MIN});
    p.anchor_inputs = p.op == "Pointwise" ? 0 : static_cast<int>(random.below(inputs + 1));
    p.closed = random.coin();
    p.compute = DType::kBF16;
    p.symbols = {{"N", 0, random.between(1, 99), 1, random.coin()}};
    p.verify();
    ASSERT_EQ(Problem::parse(p.str()), p) << p.str();
  }
}

TEST(Problem, MutatedTextsNeverCrash) {
  Random random;
  SCOPED_TRACE(random.seed);
  static constexpr char kChars[] = "()[]{}|,;=->@*:/\"\\ 0123456789.NHKacout_in-";
  int refused = 0;
  for (int k = 0; k < 20000; ++k) {
    std::string text = kProblems[random.below(std::size(kProblems))];
    for (int64_t edits = random.between(1, 4); edits > 0; --edits) {
      const auto at = static_cast<size_t>(random.below(static_cast<int64_t>(text.size())));
      const int64_t kind = random.below(4);
      if (kind == 0)
        text.erase(at, static_cast<size_t>(random.between(1, 8)));
      else if (kind == 1)
        text.insert(at, 1, kChars[random.below(sizeof(kChars) - 1)]);
      else if (kind == 2)
        text[at] = static_cast<char>(random.below(256));
      else
        text.insert(
            at,
            text.substr(static_cast<size_t>(random.below(static_cast<int64_t>(text.size()))), 12));
      if (text.empty()) break;
    }
    try {
      const Problem p = Problem::parse(text);
      ASSERT_EQ(Problem::parse(p.str()).str(), p.str()) << text;
    } catch (const Error& e) {
      ASSERT_TRUE(e.code() == Code::kInvalid || e.code() == Code::kResource) << e.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 5000);
}

TEST(Problem, RefusesWhatRowsRelyOn) {
  for (const char* text : {
           "Conv(f32[1,3,8,8], @f32[4,3,3,3]) {pads=[1,1]} -> f32[1,4,8,8]",
           "Conv(f32[1,3,8,8], @f32[4,3,3,3]) -> f32[1,4,8,8]",
           "Conv(f32[1,3,8,8], @f32[4,2,3,3]) -> f32[1,4,6,6]",
           "Conv(f32[1,3,8,8], @f32[4,3,3,3]) {group=2} -> f32[1,4,6,6]",
           "Conv(f32[1,3,8,8], @f32[4,3,3,3]) {strides=[0,1]} -> f32[1,4,6,6]",
           "Conv(f32[1,3,8,8], @f32[4,3,3,3]) {strides=\"x\"} -> f32[1,4,6,6]",
           "Conv(f32[1,3,8,8]) -> f32[1,4,6,6]",
           "Conv(f32[1,3,8,8], @f32[4,3,3,3], f32[5,1,1]) out0=add(acc,in2) -> f32[1,4,6,6]",
           "Pointwise(f32[4]) -> f32[4]",
           "Pointwise(f32[4]) out0=acc -> f32[4]",
           "Pointwise(f32[4]) out0=in1 -> f32[4]",
           "Pointwise(f32[4]) out0=in0 -> f32[4], f32[4]",
           "Pointwise(f32[4]:cl) out0=in0 -> f32[4]",
           "Pointwise(f32[N]) out0=in0 -> f32[N]",
           "Pointwise(f32[N]) out0=in0 -> f32[N] | | N in 5..2",
           "Pointwise(f32[N-5]) out0=in0 -> f32[N-5] | | N in 0..9 at 1",
           "Pointwise(f32[N]) out0=in0 -> f32[N] | | N in 0..9 at 1, N in 0..9 at 1",
           "Pointwise(f32[-1]) out0=in0 -> f32[-1]",
           "Pointwise(f32[4000000000,4000000000]) out0=in0 -> f32[4000000000,4000000000]",
           "Pointwise(f32[1,9]:cl@4) out0=in0 -> f32[1,9]",
           "Gemm(f32[2,3], f32[4,5]) -> f32[2,5]",
           "MaxPool(f32[2,3,7,7]) {kernel=[3,3], strides=[2,2]} -> f32[2,3,4,4]",
           "MaxPool(u2[1,1,9223372036854775807]) {kernel=[1], strides=[2147483647], ceil_mode=1} "
           "-> "
           "u2[1,1,1]",
           "MatMul(f32[2,3,4], f32[5,4,6]) -> f32[2,3,6]",
           "MatMul(f32[3,4], f32[5,6]) -> f32[3,6]",
           "Concat(f32[2,3], f32[2,4]) {axis=1} -> f32[2,8]",
           "Concat(f32[2,3], f32[3,4]) {axis=1} -> f32[2,7]",
           "Concat(f32[2,3]) {axis=5} -> f32[2,3]",
           "Split(f32[2,6]) {axis=1} -> f32[2,3], f32[2,4]",
           "Slice(f32[2,6]) {starts=[1], ends=[9], axes=[1]} -> f32[2,6]",
           "Slice(f32[2,6]) {starts=[1], ends=[9], axes=[1], steps=[0]} -> f32[2,5]",
           "Reshape(f32[2,6]) -> f32[13]",
           "Transpose(f32[2,6]) {perm=[0,0]} -> f32[2,2]",
           "Pad(f32[2]) {pads=[1]} -> f32[3]",
           "ReduceSum(f32[2,6]) {axes=[1], keepdims=0} -> f32[2,1]",
           "ArgMax(f32[2,6]) {axis=2} -> i64[2,6]",
           "Softmax(f32[2,6]) {axis=2} -> f32[2,6]",
           "BatchNormalization(f32[1,6,2], f32[6], f32[6], f32[6], f32[5]) -> f32[1,6,2]",
           "GlobalAveragePool(f32[1,6,2]) -> f32[1,6,2]",
           "Convert(f32[6,2]) -> f32[2,6]",
           "X() -> ",
           "() -> f32[1]",
           "X(f32[1]) -> f32[1] | anchor=7",
       })
    EXPECT_THROW(Problem::parse(text), Error) << text;
}

TEST(Problem, TakesWhatFits) {
  for (const char* text : {
           "MatMul(f32[2,3,4], f32[4,6]) -> f32[2,3,6]",
           "MatMul(f32[4], f32[7,4,6]) -> f32[7,6]",
           "MatMul(f32[4], f32[4]) -> f32[]",
           "Slice(f32[2,6]) {starts=[-1], ends=[-9], axes=[1], steps=[-2]} -> f32[2,3]",
           "Slice(f32[2,6]) {starts=[1], ends=[9223372036854775807], axes=[-1]} -> f32[2,5]",
           "Split(f32[2,6]) {axis=-1} -> f32[2,2], f32[2,4]",
           "Transpose(f32[2,6]) -> f32[6,2]",
           "ReduceMax(f32[2,6,3]) {axes=[1,-1], keepdims=0} -> f32[2]",
           "ConvTranspose(f32[1,3,4,4], @f32[3,2,4,4]) {strides=[2,2], pads=[1,1,1,1]} -> "
           "f32[1,2,8,8]",
           "MaxPool(f32[1,1,6,6]) {kernel=[3,3], strides=[2,2], ceil_mode=2} -> f32[1,1,3,3]",
           "Concat(f32[2,3], f32[2,0], f32[3]) {axis=1} out0=add(acc,in2) -> f32[2,3] | anchor=2",
       })
    EXPECT_NO_THROW(Problem::parse(text)) << text;
}

TEST(Problem, BindsSymbols) {
  const Problem p = Problem::parse(kProblems[0]);
  EXPECT_EQ(p.tuning(), (SymbolValues{{"N", 1}}));
  EXPECT_EQ(p.largest(), (SymbolValues{{"N", 64}}));
  const Problem b = p.bind({{"N", 7}});
  EXPECT_EQ(str(b.inputs[0].dims), "7,3,8,8");
  EXPECT_TRUE(b.symbols.empty());
  EXPECT_EQ(Problem::parse(b.str()), b);
  EXPECT_THROW(p.bind({}), Error);
  EXPECT_THROW(p.bind({{"N", -1}}), Error);
}

TEST(Epilogue, Forms) {
  const auto match = [](const std::string& expr) {
    return match_epilogue(Problem::parse(
        "Conv(f32[N,3,8,8], @f32[4,3,3,3], @f32[4,1,1], f32[N,4,8,8], f32[8]) {pads=[1,1,1,1]} " +
        expr + " -> f32[N,4,8,8] | anchor=2 | N in 0..64 at 1"));
  };
  auto f = match("out0=relu(add(add(acc,in2),in3))");
  ASSERT_TRUE(f);
  EXPECT_EQ(f->bias, 2);
  EXPECT_EQ(f->residual, 3);
  EXPECT_FALSE(f->residual_first);
  EXPECT_EQ(f->act, ExprOp::kRelu);
  f = match("out0=clip(add(in2,add(in3,acc)),0,6)");
  ASSERT_TRUE(f && f->residual_first);
  EXPECT_EQ(f->imm2, 6);
  f = match("");
  ASSERT_TRUE(f);
  EXPECT_EQ(f->bias, -1);
  EXPECT_TRUE(match("out0=cast:f32(relu(acc))"));
  for (const char* no : {"out0=add(acc,in4)", "out0=mul(acc,in2)", "out0=add(relu(acc),in2)",
                         "out0=add(acc,1)", "out0=add(add(acc,in2),in2)", "out0=cast:f16(acc)"})
    EXPECT_FALSE(match(no)) << no;
}

TEST(Cost, CountsMultiplyAdds) {
  const Problem p = Problem::parse(kProblems[0]);
  const Cost c = cost_of(p, {{"N", 2}});
  EXPECT_EQ(c.flops, 2.0 * 2 * 4 * 64 * 27 + 2 * (2 * 4 * 64));
  EXPECT_EQ(c.bytes, 4.0 * (2 * 3 * 64 + 4 * 27 + 4 + 2 * 4 * 64));
}

TEST(Format, OffsetsCoverTheStorageOnce) {
  Random random;
  SCOPED_TRACE(random.seed);
  const Extents dims = {2, 5, 3, 4};
  for (const char* text : {"f32:linear", "f32:cl", "f32:cl/pad4", "f32:c4", "f32:c16",
                           "f32:linear@9", "f32:cl@9", "f32:c4@12", "f32:linear/pad8"}) {
    const Format f = Format::parse(text);
    EXPECT_EQ(f.str(), text);
    const int64_t size = storage_elements(f, dims);
    EXPECT_GE(storage_elements(f, to_shape(dims)).value(), size);
    std::vector<bool> seen(static_cast<size_t>(size));
    for (int64_t k = 0; k < element_count(dims); ++k) {
      const Extents index = {k / 60, k / 12 % 5, k / 4 % 3, k % 4};
      const int64_t at = offset_of(f, dims, index);
      ASSERT_TRUE(at >= 0 && at < size) << text;
      ASSERT_FALSE(seen[static_cast<size_t>(at)]) << text;
      seen[static_cast<size_t>(at)] = true;
    }
  }
  EXPECT_EQ(storage_elements(Format::parse("f32:cl/pad4"), dims), 2 * 8 * 12);
  EXPECT_EQ(storage_elements(Format::parse("f32:c16"), dims), 2 * 16 * 12);
  EXPECT_EQ(storage_bytes(Format::parse("i4:linear"), {3}), 2);
  for (const char* bad :
       {"f32:", "f32:xl", "f32:c0", "f32:cl/pad0", "f32:cl@0", "f32:c99999", "f32:cl*"})
    EXPECT_THROW(Format::parse(bad), Error) << bad;
}

TEST(Format, SameStorage) {
  const auto same = [](const char* a, const char* b, const char* dims) {
    return same_storage(Format::parse(a), Format::parse(b), parse_shape(dims));
  };
  EXPECT_TRUE(same("f32:cl", "f32:linear", "N,64,1,1"));
  EXPECT_TRUE(same("f32:cl", "f32:linear", "N,1,H,4"));
  EXPECT_TRUE(same("f32:cl/pad8", "f32:cl", "N,64,7,7"));
  EXPECT_TRUE(same("f32:cl", "f32:linear", "N,10"));
  EXPECT_FALSE(same("f32:cl", "f32:linear", "N,64,7,1"));
  EXPECT_FALSE(same("f32:cl", "f16:cl", "N,64,1,1"));
  EXPECT_FALSE(same("f32:cl/pad8", "f32:cl", "N,3,7,7"));
  EXPECT_FALSE(same("f32:cl@128", "f32:cl", "N,64,7,7"));
}

TEST(Attrs, AccessAndText) {
  const Attrs a =
      Attrs::parse("{alpha=0.1, beta=2, kernel=[2,2], mode=\"x\", s=[\"p\"], f=[1,2.5]}");
  EXPECT_EQ(a.f("alpha", 0), 0.1);
  EXPECT_EQ(a.f("beta", 0), 2);
  EXPECT_EQ(a.i("none", 7), 7);
  EXPECT_EQ(a.floats("f"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(a.floats("kernel"), (std::vector<double>{2, 2}));
  EXPECT_THROW(a.i("alpha", 0), Error);
  EXPECT_THROW(a.ints("mode"), Error);
  EXPECT_EQ(Attrs::parse(a.str()), a);
  Attrs reals;
  for (const double v : {1.0, -0.0, 1e300, 5e-324, HUGE_VAL, -HUGE_VAL, 0.1 + 0.2}) {
    reals.set("v", v);
    EXPECT_EQ(std::signbit(Attrs::parse(reals.str()).f("v", 0)), std::signbit(v));
    EXPECT_EQ(Attrs::parse(reals.str()), reals) << reals.str();
  }
  for (const char* bad : {"{", "{a}", "{a=}", "{a=1,}", "{a=1 b=2}", "{a=1, a=2}", "{a=[1,\"x\"]}",
                          "{a=\"\\q\"}", "{a=99999999999999999999}"})
    EXPECT_THROW(Attrs::parse(bad), Error) << bad;
}

TEST(Target, NamesAndText) {
  for (const std::string& name : Target::known_names()) {
    const Target t = Target::parse(name);
    EXPECT_EQ(Target::parse(t.str()), t) << name;
    EXPECT_GT(t.i("mem_bytes_per_s"), 0);
    EXPECT_GT(t.i("f32_flops"), 0);
  }
  EXPECT_EQ(Target::parse("cuda:h200").i("sm_count"), 132);
  EXPECT_EQ(Target::parse("cuda:sm_80").i("cc"), 80);
  EXPECT_EQ(Target::parse("cuda:sm_90a").i("cc"), 90);
  Target t = Target::parse("cuda:t4");
  t.texts["cudnn"] = "9.1 \"x\"";
  EXPECT_EQ(Target::parse(t.str()), t);
  EXPECT_NE(t.hash(), Target::parse("cuda:t4").hash());
  for (const char* bad :
       {"", "cuda", "cuda:h20", "tpu", "cpu:", "cpu:486", "cuda \"x", "cuda \"x\" {a=\"b\"} {}"})
    EXPECT_THROW(Target::parse(bad), Error) << bad;
}

}  // namespace
}  // namespace tenfold
