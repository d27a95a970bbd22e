// Rows that contract: convolutions and matrix products as tiles (gen/contract.cuh) with the Expr as
// epilogue.
#pragma once

#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {

// The sizes of one contraction at given symbol values.
struct ContractSizes {
  int64_t rows = 0;  // m
  int64_t filters = 0;  // n, of one group or batch
  int64_t columns = 0;  // n that are written: padding of the output included
  int64_t depth = 0;  // k, padding included
  int64_t batches = 1;  // groups or batches: blockIdx.z
  int64_t contiguous = 0;  // elements of k that lie together, for the width of copies
};

struct Tile {
  int m = 64, n = 64, warps_m = 2, warps_n = 2;
  int k = 32, stages = 3;  // columns of a step, steps in flight
  std::string str() const;
};

// Whether a machine has what tiles are made with: asynchronous copies into shared memory, and
// products of their width.
Verdict makes_tiles(const Target& target);

class ContractRow : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;
  Verdict supports(const Problem& problem, const Target& target) const override {
    const Verdict can = makes_tiles(target);
    return can ? ElementwiseRow::supports(problem, target) : can;
  }
  std::vector<Tactic> tactics(const Problem& problem, const Target& target) const override;
  double estimate(const Problem& problem, const Target& target) const override;
  TextRequest request(const Problem& problem, const Tactic& tactic,
                      const Target& target) const override;
  Launch launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                const Target& target) const override;

 protected:
  uint32_t shared_bytes(const Problem& problem, const Tactic& tactic) const override;
  virtual ContractSizes sizes(const Problem& bound) const = 0;
  // Whether columns and groups are few enough for a grid, whatever the tile; of closed Problems.
  Verdict fits_grid(const Problem& closed) const;
  // Types and formats that the tiles take, of closed Problems.
  Verdict takes_types(const Problem& closed) const;
};

// f16, tf32 and f32 tuples with channels last (`pictures`) or linear operands; inputs 0 and 1 and
// the output share the storage type.
std::vector<FormatTuple> contract_formats(const Problem& problem, TypeSet permitted, bool pictures);

}  // namespace tenfold::cuda
