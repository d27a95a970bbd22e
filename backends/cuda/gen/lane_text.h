// How the lanes of an elementwise kernel read and write memory, as device text: accesses of up to
// 16 bytes where formats allow.
#pragma once

#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {

struct LaneText {
  const Problem& p;  // closed
  const ElementwiseAnchor& anchor;
  ElementwiseShape shape = shape_of(p, anchor);
  int rank = static_cast<int>(p.outputs[0].dims.size());

  // Whether lanes may lie outside the output: o.valid counts those inside.
  bool guarded() const;
  // Whether vectors at every place of the output lie within the operand, those of padding among
  // them.
  bool covers(const Operand& in) const;
  // Assigns o.at, the offset of lane 0 in output 0.
  std::string own_offset() const;
  // For every anchor input k: load_in<k>(A, P, o, i, x), V lanes; elem_in<k>(A, P, i), one element.
  std::string anchor_loaders() const;
  // Assigns `target`, V lanes of an operand that lies as the output does, from o.at on.
  std::string flat_load(const Operand& in, const std::string& name,
                        const std::string& target) const;
  // What begin(o, ahead) reads, as stored; then the same as `real`s.
  std::string ahead_struct() const;
  std::string ahead_values() const;
  // The Expr's operands as `real`s l<k>[V], or as stored into `ahead`.
  std::string expr_loads(bool ahead = false) const;
  // Writes r<j>[V] to every output j, and zeros to the padding of output 0.
  std::string stores() const;
};

}  // namespace tenfold::cuda
