// BlockEvaluator: evaluates an Expr over blocks of elements in doubles, with loops that vectorize.
#pragma once

#include <vector>

#include "tenfold/expr.h"

namespace tenfold {

// Compiled once from a verified Expr, shared by threads; each thread brings a Workspace.
//   BlockEvaluator eval(expr);  auto work = eval.workspace();
//   eval.run(acc, loads, outs, work);   // each pointer leads to kBlock doubles
class BlockEvaluator {
 public:
  static constexpr int kBlock = 256;  // all of a block is computed: pad the last one with anything

  struct Workspace {
    std::vector<double> registers;
    std::vector<const double*> values;  // of each instruction
  };

  explicit BlockEvaluator(const Expr& expr);
  Workspace workspace() const;

  // acc[slot], loads[slot]: kBlock doubles for each slot that is read. outs[slot]: where stores go,
  // other memory than any acc or load. An empty Expr copies acc[0] to outs[0]. Values are not
  // rounded: storing them does that.
  void run(const double* const* acc, const double* const* loads, double* const* outs,
           Workspace& work) const noexcept;

  bool reads_acc(int slot) const;
  const std::vector<int>& loads() const { return loads_; }  // input slots, ascending
  const std::vector<int>& outputs() const { return outputs_; }  // output slots that are stored

 private:
  Expr expr_;
  std::vector<int> cells_;  // per instruction: which register block it writes; -1: none
  std::vector<double> constants_;  // kBlock copies of each constant
  std::vector<int> constant_index_;  // per instruction; -1: not a constant
  std::vector<int> loads_, outputs_;
  int cell_count_ = 0;
};

}  // namespace tenfold
