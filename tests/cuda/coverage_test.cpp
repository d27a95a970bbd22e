// What the reference computes, some row for a GPU takes: a build for a GPU never fails for lack of
// a kernel, but for what is named here.
#include <set>

#include <gtest/gtest.h>

#include "src/expr/ops.h"
#include "tenfold/graph.h"
#include "tests/support/cuda_problems.h"

namespace tenfold {
namespace {

const Target& gpu() {
  static const Target target = Target::parse("cuda:h200");
  return target;
}

// Element types that no row of ours stores: no importer makes such values, and Tensors of them
// only enter through the API.
const std::set<DType> kNotStored = {
    DType::kF8E4M3FN, DType::kF8E4M3FNUZ, DType::kF8E5M2, DType::kF8E5M2FNUZ, DType::kF8E8M0,
    DType::kF4E2M1,   DType::kI2,         DType::kU2,     DType::kI4,         DType::kU4,
    DType::kC64,      DType::kC128,       DType::kString, DType::kTF32,       DType::kUndefined};

bool reference_takes(const Problem& open) {
  static const Target cpu = Target::parse("cpu");
  const Row* row = find_row("ref." + open.op);
  return row && row->supports(open, cpu);
}

// Empty when a row of our own takes the Problem, open and with formats that it offers; else why
// none does.
std::string refusals(const Problem& open) {
  std::string reasons;
  for (const Row* row : test::cuda_rows()) {
    if (const Verdict verdict = row->supports(open, gpu()); !verdict) {
      if (verdict.reason != "it does not solve " + open.op)
        reasons += "\n  " + std::string(row->name()) + ": " + verdict.reason;
      continue;
    }
    for (const FormatTuple& tuple : row->formats(open, gpu(), {DType::kF32})) {
      const Verdict verdict = row->supports(close_problem(open, tuple), gpu());
      if (verdict) return {};
      reasons += "\n  " + std::string(row->name()) + ", closed: " + verdict.reason;
    }
  }
  return open.str() + (reasons.empty() ? "\n  no row solves " + open.op : reasons);
}

TEST(Coverage, EveryOpHasAnExprOrAReferenceRow) {
  for (const std::string& name : op_names())  // inner graphs are programs, not a row's work
    EXPECT_TRUE(find_op(name)->expr || find_row("ref." + name) || find_op(name)->graphs > 0)
        << name;
}

TEST(Coverage, EveryProblemOfTheListsHasARow) {
  for (const Problem& open : test::cuda_problems()) EXPECT_EQ(refusals(open), "");
}

TEST(Coverage, EveryReferenceRowHasAProblemInTheLists) {
  std::set<std::string> listed;
  for (const Problem& open : test::cuda_problems()) listed.insert(open.op);
  // Sizes as values are the runtime's steps on every machine; what counts has no CUDA row yet.
  const std::set<std::string_view> apart = {"ref.Size", "ref.Compress"};
  for (const Row* row : all_rows())
    if (row->name().starts_with("ref.") && !apart.contains(row->name())) {
      EXPECT_TRUE(listed.contains(std::string(row->name().substr(4)))) << row->name();
    }
}

// The lists' Problems with another element type in the place of f32.
TEST(Coverage, EveryElementType) {
  std::set<std::string> seen;
  int taken = 0;
  for (int code = 1; code < kDTypeCount; ++code) {
    const auto type = static_cast<DType>(code);
    for (Problem open : test::cuda_problems()) {
      for (auto* list : {&open.inputs, &open.outputs})
        for (Operand& o : *list)
          if (o.format.dtype == DType::kF32) o.format.dtype = type;
      if (!seen.insert(open.str()).second || !reference_takes(open)) continue;
      if (kNotStored.contains(type)) {
        EXPECT_NE(refusals(open), "") << "a row takes " << to_string(type) << " after all";
        break;
      }
      EXPECT_EQ(refusals(open), "");
      ++taken;
    }
  }
  EXPECT_GT(taken, 1000);
}

TEST(Coverage, EveryInstructionOfAnExpr) {
  for (int code = 0; code < 256; ++code) {
    const ExprOpFacts* facts = expr_op_facts(static_cast<ExprOp>(code));
    if (!facts || facts->arity == 0 || facts->op == ExprOp::kStore) continue;
    const bool typed = facts->op == ExprOp::kCast || facts->op == ExprOp::kQuantize;
    for (int to = 1; to < (typed ? kDTypeCount : 2); ++to) {
      const auto type = typed ? static_cast<DType>(to) : DType::kF32;
      if (kNotStored.contains(type)) continue;
      Problem open = Problem::parse(
          "Pointwise(f32[N,7], f32[N,7], f32[7]) out0=in0 -> f32[N,7] | compute=f32 acc=f32 "
          "anchor=0 | N in 0..8 at 1");
      open.expr = {};
      ExprInst inst;
      inst.op = facts->op;
      inst.type = type;
      int16_t* const operands[] = {&inst.a, &inst.b, &inst.c};
      for (int k = 0; k < facts->arity; ++k) *operands[k] = static_cast<int16_t>(open.expr.load(k));
      if (facts->immediates > 0) inst.imm = 1;
      if (facts->immediates > 1) inst.imm2 = 2;
      open.expr.store(0, open.expr.push(inst));
      open.verify();
      EXPECT_EQ(refusals(open), "");
    }
  }
}

}  // namespace
}  // namespace tenfold
