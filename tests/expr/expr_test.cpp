// Exprs: text form, checks, chains, and block evaluation against scalar evaluation.
#include <cmath>
#include <cstring>

#include "src/expr/eval.h"
#include "tenfold/diag.h"
#include "tests/expr/random_expr.h"

namespace tenfold {
namespace {

using test::Random;
using Op = ExprOp;

TEST(Expr, ReadsWhatItPrints) {
  Random random;
  SCOPED_TRACE(random.seed);
  for (int k = 0; k < 2000; ++k) {
    const int inputs = static_cast<int>(random.below(4)),
              outputs = static_cast<int>(random.between(1, 3));
    const Expr e = test::random_expr(random, inputs, outputs, random.coin(),
                                     static_cast<int>(random.below(30)));
    e.verify(inputs, outputs);
    ASSERT_EQ(Expr::parse(e.str()), e) << e.str();
  }
}

TEST(Expr, PrintsCompactly) {
  Expr e;
  e.store(0, e.unary(Op::kRelu, e.binary(Op::kAdd, e.acc(), e.load(2))));
  EXPECT_EQ(e.canonical().str(), "out0=relu(add(acc,in2))");
  Expr shared;
  const int t = shared.binary(Op::kMul, shared.load(0), shared.constant(0.1));
  shared.store(0, shared.binary(Op::kAdd, t, shared.unary(Op::kTanh, t)));
  EXPECT_EQ(shared.canonical().str(), "t2=mul(in0,0.1); out0=add(t2,tanh(t2))");
  Expr cast;
  cast.store(0, cast.cast(cast.unary(Op::kClip, cast.acc(), 0, 6), DType::kF16));
  EXPECT_EQ(cast.str(), "out0=cast:f16(clip(acc,0,6))");
  EXPECT_EQ(Expr{}.str(), "");
}

TEST(Expr, CanonicalKeepsTheMeaning) {
  Random random;
  SCOPED_TRACE(random.seed);
  for (int k = 0; k < 500; ++k) {
    const Expr e = test::random_expr(random, 3, 2, true, static_cast<int>(random.below(25)));
    const Expr c = e.canonical();
    ASSERT_EQ(c.canonical(), c) << c.str();
    const double in[] = {random.real(), random.real(), random.real()};
    for (int o = 0; o < 2; ++o) {
      const double x = evaluate_scalar(e, 0.5, in, o), y = evaluate_scalar(c, 0.5, in, o);
      ASSERT_TRUE(x == y || (std::isnan(x) && std::isnan(y))) << e.str();
    }
  }
}

TEST(Expr, ChainsOfAnyLengthReadBack) {
  Expr e;
  int r = e.acc();
  for (int k = 0; k < 1000; ++k) r = e.unary(Op::kNeg, r);
  e.store(0, r);
  EXPECT_EQ(Expr::parse(e.str()), e);
}

TEST(Expr, RefusesWhatIsBroken) {
  for (const char* text :
       {"out0=relu(acc", "out0=foo(acc)", "out0=add(acc)", "out0=t3", "x=1; out0=x", "out0=relu()",
        "t1=acc; t1=acc; out0=t1", "out0=acc; out0=acc", "out0=cast:f99(acc)", "out0=clip(acc,0)",
        "out0=in99999", "out0=relu(acc) out1=acc", "out0=out1(acc)", "out0=1e999", "out0=acc;;"})
    EXPECT_THROW(Expr::parse(text), Error) << text;
  std::string deep = "out0=";
  for (int k = 0; k < 100000; ++k) deep += "neg(";
  EXPECT_THROW(Expr::parse(deep), Error);
  std::string many;
  for (int k = 0; k < 6000; ++k) many += "t" + std::to_string(k) + "=acc; ";
  EXPECT_THROW(Expr::parse(many), Error);

  Expr forward;
  forward.binary(Op::kAdd, 0, 1);
  EXPECT_THROW(forward.verify(1, 1), Error);
  Expr slot;
  slot.store(0, slot.load(3));
  EXPECT_NO_THROW(slot.verify(4, 1));
  EXPECT_THROW(slot.verify(3, 1), Error);
  Expr strange;
  strange.code.push_back({static_cast<Op>(77)});
  EXPECT_THROW(strange.verify(1, 1), Error);
  Expr store;
  store.store(0, store.acc());
  store.store(1, 1);
  EXPECT_THROW(store.verify(1, 2), Error);
}

TEST(Expr, BlocksEqualScalars) {
  Random random;
  SCOPED_TRACE(random.seed);
  constexpr int kBlock = BlockEvaluator::kBlock;
  for (int round = 0; round < 200; ++round) {
    const Expr e = test::random_expr(random, 3, 2, true, static_cast<int>(random.below(25)));
    std::vector<double> memory(6 * kBlock);
    for (double& x : memory) x = random.below(50) ? random.real() : NAN;
    const double* acc[] = {memory.data()};
    const double* loads[] = {memory.data() + kBlock, memory.data() + 2 * kBlock,
                             memory.data() + 3 * kBlock};
    double* outs[] = {memory.data() + 4 * kBlock, memory.data() + 5 * kBlock};
    const BlockEvaluator eval(e);
    auto work = eval.workspace();
    eval.run(acc, loads, outs, work);
    for (int k = 0; k < kBlock; ++k) {
      const double in[] = {loads[0][k], loads[1][k], loads[2][k]};
      for (int o = 0; o < 2; ++o) {
        const double expected = evaluate_scalar(e, acc[0][k], in, o);
        ASSERT_TRUE(outs[o][k] == expected || (std::isnan(outs[o][k]) && std::isnan(expected)))
            << e.str() << " gave " << outs[o][k] << ", not " << expected;
      }
    }
  }
}

TEST(Expr, EmptyCopiesTheAccumulator) {
  const BlockEvaluator eval{Expr{}};
  std::vector<double> in(BlockEvaluator::kBlock, 3), out(BlockEvaluator::kBlock);
  const double* acc[] = {in.data()};
  double* outs[] = {out.data()};
  auto work = eval.workspace();
  eval.run(acc, nullptr, outs, work);
  EXPECT_EQ(out, in);
  EXPECT_TRUE(eval.reads_acc(0));
}

double scalar(const char* text, double acc, std::vector<double> in = {}) {
  return evaluate_scalar(Expr::parse(text), acc, in);
}

TEST(Expr, OperationsMeanWhatTheySay) {
  EXPECT_EQ(scalar("out0=relu(acc)", -2), 0);
  EXPECT_TRUE(std::isnan(scalar("out0=relu(acc)", NAN)));
  EXPECT_TRUE(std::isnan(scalar("out0=max(acc,0)", NAN)));
  EXPECT_TRUE(std::isnan(scalar("out0=min(0,acc)", NAN)));
  EXPECT_TRUE(std::isnan(scalar("out0=clip(acc,0,6)", NAN)));
  EXPECT_EQ(scalar("out0=clip(acc,0,6)", 9), 6);
  EXPECT_EQ(scalar("out0=leakyrelu(acc,0.5)", -2), -1);
  EXPECT_NEAR(scalar("out0=elu(acc,2)", -1), 2 * (std::exp(-1) - 1), 1e-15);
  EXPECT_EQ(scalar("out0=prelu(acc,in0)", -2, {0.25}), -0.5);
  EXPECT_EQ(scalar("out0=round(acc)", 2.5), 2);
  EXPECT_EQ(scalar("out0=mod(acc,3)", -1), 2);
  EXPECT_EQ(scalar("out0=sign(acc)", -7), -1);
  EXPECT_EQ(scalar("out0=select(less(acc,0),1,2)", -7), 1);
  EXPECT_EQ(scalar("out0=quantize:i8(acc,0.5,3)", 1.1), 5);
  EXPECT_EQ(scalar("out0=quantize:u8(acc,0.5,3)", 1e6), 255);
  EXPECT_EQ(scalar("out0=dequantize(acc,0.5,3)", 5), 1);
  EXPECT_EQ(scalar("out0=cast:f16(acc)", 1 + 0x1p-12), 1);
  EXPECT_EQ(scalar("out0=softplus(acc)", 1000), 1000);
  EXPECT_EQ(scalar("", 5), 5);
}

TEST(Chain, FollowsTheAccumulator) {
  const auto steps = as_chain(Expr::parse("out0=relu(sub(in3,mul(add(acc,in2),0.5)))"));
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 4u);
  EXPECT_EQ((*steps)[0].input, 2);
  EXPECT_FALSE((*steps)[0].swapped);
  EXPECT_TRUE((*steps)[1].has_constant);
  EXPECT_EQ((*steps)[1].constant, 0.5);
  EXPECT_EQ((*steps)[2].input, 3);
  EXPECT_TRUE((*steps)[2].swapped);
  EXPECT_EQ((*steps)[3].op, Op::kRelu);
  EXPECT_TRUE(as_chain(Expr{})->empty());
  for (const char* text :
       {"out0=add(acc,add(in1,in2))", "out0=mul(acc,acc)", "out0=in1", "out0=acc1",
        "t1=neg(acc); out0=t1; out1=t1", "out0=add(acc,relu(acc))", "out0=select(acc,in1,in2)"})
    EXPECT_FALSE(as_chain(Expr::parse(text))) << text;
}

TEST(Expr, RemapsLoads) {
  Expr e = Expr::parse("out0=add(in0,mul(in2,in1))");
  EXPECT_EQ(e.loads(), (std::vector<int>{0, 1, 2}));
  e.remap_loads({5, 0, 3});
  EXPECT_EQ(e.str(), "out0=add(in5,mul(in3,in0))");
}

}  // namespace
}  // namespace tenfold
