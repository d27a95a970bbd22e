// What our own rows share: a step is one call on the host over operands with affine strides.
#pragma once

#include "backends/cpu/cpu_row.h"

namespace tenfold::cpu {

// One step for a bound Problem. Belongs to one context, so it may keep scratch of its own.
class HostWork : public RowInstance {
 public:
  // `slots`: the addresses of the inputs, then of the outputs.
  virtual void run(void* const* slots) noexcept = 0;
};

// Operands are linear or channels last, not padded, maybe slices (Format.enclosing) on both sides.
class HostRow : public CpuRow {
 public:
  using CpuRow::CpuRow;

  Verdict supports(const Problem& problem, const Target& target) const override;
  // All operands channels last, and all linear.
  std::vector<FormatTuple> formats(const Problem& problem, const Target& target,
                                   TypeSet permitted) const override;
  bool writes_slices() const override { return true; }
  bool reads_slices() const override { return true; }
  std::unique_ptr<RowInstance> attach(const RowState* state, const AttachArgs& args) const override;
  void record(Commands& commands, const Operands& operands, const RowState* state,
              const RowInstance& instance) const noexcept override;

 protected:
  // What supports asks once the operands were found affine and their number fits; the op's own
  // conditions (attributes, extents that fit together) are the reference row's.
  virtual Verdict check(const Problem& problem) const = 0;
  // The work of a bound Problem with at least one output element.
  virtual std::unique_ptr<HostWork> make(const Problem& bound, int threads) const = 0;
};

// A tuple with these layouts where an operand's rank has room for them (constants stay linear);
// nothing: as the Problem has it. Types are the Problem's.
FormatTuple tuple_of(const Problem& problem, std::optional<Layout> inputs,
                     std::optional<Layout> outputs);

// Refusals that many rows share.
Verdict expect_f32(const Problem& problem);
Verdict expect_whole_bytes(const Problem& problem);  // one type throughout, of whole bytes
Verdict expect_no_epilogue(const Problem& problem);
Verdict all_of(std::initializer_list<Verdict> verdicts);  // the first refusal

// An axis counted from the end if negative; -1: out of range.
int normal_axis(int64_t axis, size_t rank);
Extents row_major(const Extents& dims);  // strides in elements
Extents dims_of(const Operand& bound);
Extents strides_of(const Operand& bound);

}  // namespace tenfold::cpu
