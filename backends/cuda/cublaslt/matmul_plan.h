// A product made ready for cublasLtMatmul: descriptors and an algorithm named as text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/cublaslt/matmul_spec.h"

namespace tenfold::cuda::cublaslt {

// Most scratch that an algorithm may ask for.
inline constexpr int64_t kWorkspaceCap = int64_t{32} << 20;

// Tactics: "algo=66 tile=20 stages=12 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=2
// ws=0", or, chosen without the machine, "heuristic=0": the library's best guess there.

// Descriptors of one product. The library's structures; bias is set at every run.
class MatmulPlan {
 public:
  // Error{kUnsupported} when the algorithm does not take the product and no other does; when
  // another does it instead, a note goes to the log.
  MatmulPlan(CublasLtHandle handle, const MatmulSpec& spec, const Tactic& tactic);
  ~MatmulPlan();
  MatmulPlan(const MatmulPlan&) = delete;
  MatmulPlan& operator=(const MatmulPlan&) = delete;

  int64_t workspace() const { return static_cast<int64_t>(workspace_); }
  // Null bias and residual: none. The library's status.
  cublasStatus run(const void* a, const void* b, void* d, const void* bias, const void* residual,
                   void* scratch, void* stream) noexcept;

  // The heuristics' first few algorithms within the cap, as tactics.
  static std::vector<Tactic> candidates(CublasLtHandle handle, const MatmulSpec& spec, size_t most);

 private:
  struct Descriptors;
  CublasLtHandle handle_;
  std::unique_ptr<Descriptors> d_;
  CublasLtAlgo algo_{};
  size_t workspace_ = 0;
  float alpha_ = 1, beta_ = 0;
  const void* bias_ = nullptr;    // as set in the descriptor
};

// Scratch that a tactic's text names; 0 for "heuristic=K".
int64_t tactic_workspace(const Tactic& tactic);

}  // namespace tenfold::cuda::cublaslt
