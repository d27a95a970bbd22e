#include "src/expr/eval.h"

#include <algorithm>
#include <cstring>

#include "src/expr/ops.h"

namespace tenfold {
namespace {

using Op = ExprOp;
constexpr int kBlock = BlockEvaluator::kBlock;

// One instruction over a block. Instantiated per operation; simple ones become vector code at -O2.
template <typename F>
void map_block(F f, const double* a, const double* b, const double* c, double* __restrict out) {
  for (int k = 0; k < kBlock; ++k) out[k] = f(a[k], b[k], c[k]);
}

}  // namespace

BlockEvaluator::BlockEvaluator(const Expr& expr) : expr_(expr) {
  const size_t n = expr_.code.size();
  cells_.assign(n, -1);
  constant_index_.assign(n, -1);
  loads_ = expr_.loads();
  std::vector<size_t> last_use(n);
  for (size_t k = 0; k < n; ++k)
    for (const int16_t r : {expr_.code[k].a, expr_.code[k].b, expr_.code[k].c})
      if (r >= 0) last_use[static_cast<size_t>(r)] = k;
  std::vector<int> free;
  for (size_t k = 0; k < n; ++k) {
    const ExprInst& inst = expr_.code[k];
    if (inst.op == Op::kStore) outputs_.push_back(inst.slot);
    if (inst.op == Op::kConst) {
      constant_index_[k] = static_cast<int>(constants_.size() / kBlock);
      constants_.insert(constants_.end(), kBlock, inst.imm);
    }
    if (arity(inst.op) > 0 && inst.op != Op::kStore) {
      if (free.empty()) free.push_back(cell_count_++);
      cells_[k] = free.back();
      free.pop_back();
    }
    // Cells are given back after the instruction has taken its own: it never writes what it reads.
    const int16_t operands[] = {inst.a, inst.b, inst.c};
    for (int m = 0; m < 3; ++m) {
      const int16_t r = operands[m];
      if (r < 0 || std::find(operands, operands + m, r) != operands + m) continue;
      if (last_use[static_cast<size_t>(r)] == k && cells_[static_cast<size_t>(r)] >= 0)
        free.push_back(cells_[static_cast<size_t>(r)]);
    }
  }
  if (expr_.empty()) outputs_.push_back(0);
  std::sort(outputs_.begin(), outputs_.end());
}

BlockEvaluator::Workspace BlockEvaluator::workspace() const {
  Workspace work;
  work.registers.resize(static_cast<size_t>(cell_count_) * kBlock);
  work.values.resize(expr_.code.size());
  return work;
}

bool BlockEvaluator::reads_acc(int slot) const {
  if (expr_.empty()) return slot == 0;
  return std::any_of(expr_.code.begin(), expr_.code.end(), [&](const ExprInst& inst) {
    return inst.op == Op::kAcc && inst.slot == slot;
  });
}

void BlockEvaluator::run(const double* const* acc, const double* const* loads, double* const* outs,
                         Workspace& work) const noexcept {
  if (expr_.empty()) {
    if (outs[0] != acc[0]) std::memmove(outs[0], acc[0], sizeof(double) * kBlock);
    return;
  }
  const auto value = [&](int16_t r) { return work.values[static_cast<size_t>(r)]; };
  for (size_t k = 0; k < expr_.code.size(); ++k) {
    const ExprInst& inst = expr_.code[k];
    const double*& result = work.values[k];
    if (inst.op == Op::kAcc) {
      result = acc[inst.slot];
    } else if (inst.op == Op::kLoad) {
      result = loads[inst.slot];
    } else if (inst.op == Op::kConst) {
      result = constants_.data() + static_cast<size_t>(constant_index_[k]) * kBlock;
    } else if (inst.op == Op::kStore) {
      if (outs[inst.slot] != value(inst.a))
        std::memmove(outs[inst.slot], value(inst.a), sizeof(double) * kBlock);
    } else {
      double* cell = work.registers.data() + static_cast<size_t>(cells_[k]) * kBlock;
      const double* a = value(inst.a);
      const double* b = inst.b >= 0 ? value(inst.b) : a;
      const double* c = inst.c >= 0 ? value(inst.c) : a;
      with_scalar_op(inst, [&](auto f) { map_block(f, a, b, c, cell); });
      result = cell;
    }
  }
}

}  // namespace tenfold
