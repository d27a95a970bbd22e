// What all oneDNN rows share: a row describes one primitive for a bound Problem, and says for each
// of its arguments where the memory comes from.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "backends/cpu/cpu_row.h"
#include "tenfold/device.h"

namespace tenfold::cpu::onednn {

const dnnl::engine& engine();

// oneDNN's threads of the calling thread, while alive.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) noexcept;
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_ = 0;
};

// A primitive's argument. kPacked: the constant input `index` in the layout that the primitive
// wants.
struct Bind {
  enum class Where : uint8_t { kInput, kOutput, kScratch, kPacked };
  int arg = 0;
  Where where = Where::kInput;
  int index = 0;
  dnnl::memory::desc desc;
};

// A primitive as described, not yet made.
struct Description {
  dnnl::primitive_desc_base primitive;
  std::vector<Bind> binds;
  dnnl::memory::desc
      plain;   // of the packed input as the Problem stores it, in the primitive's dims
  int packed = -1;            // that input; -1: none
};

// Raises Error{kUnsupported}: how a row says why not while it describes.
[[noreturn]] void refuse(const std::string& reason);

// The dense or pitched f32 memory of an operand. Refuses other types and layouts.
dnnl::memory::desc desc_of(const Operand& bound);
// The same, as dims of `rank` axes (broadcast: leading ones added).
dnnl::memory::desc desc_of(const Operand& bound, size_t rank);
dnnl::memory::desc any_of(const dnnl::memory::dims& dims);
dnnl::memory::dims dims_of(const Operand& bound);

// Whether oneDNN has nothing faster than its own reference.
bool is_reference(const dnnl::primitive_desc_base& primitive);
// Why this implementation of a primitive answers wrongly; empty where no fault is known.
std::string known_fault(const Problem& bound, const dnnl::primitive_desc_base& primitive);
// Goes on to the first implementation without a known fault; refuses, saying the fault, where only
// oneDNN's reference is left.
template <typename PrimitiveDesc>
void skip_faults(PrimitiveDesc& primitive, const Problem& bound) {
  for (std::string why = known_fault(bound, primitive); !why.empty();
       why = known_fault(bound, primitive))
    if (!primitive.next_impl() || is_reference(primitive)) refuse(why);
}
// Bound at the tuning sizes, where a symbol tuned for 0 counts 1.
Problem at_tuning(const Problem& problem);

// User scratchpad, strict FP32.
dnnl::primitive_attr base_attr();

class OnednnRow : public CpuRow {
 public:
  using CpuRow::CpuRow;

  Verdict supports(const Problem& problem, const Target& target) const override;
  std::vector<FormatTuple> formats(const Problem& problem, const Target& target,
                                   TypeSet permitted) const override;
  Needs needs(const Problem& problem, const Tactic& tactic, const Target& target) const override;
  std::string version(const Target& target) const override;
  bool packs(const Problem& problem, int k) const override;
  std::unique_ptr<RowState> prepare(const PrepareArgs& args) const override;
  std::unique_ptr<RowInstance> attach(const RowState* state, const AttachArgs& args) const override;
  void record(Commands& commands, const Operands& operands, const RowState* state,
              const RowInstance& instance) const noexcept override;

 protected:
  // The primitive for a bound, closed Problem; refuses or throws dnnl::error. `weights`: the layout
  // that the packed input has already, null to let oneDNN choose.
  virtual Description describe(const Problem& bound, const dnnl::memory::desc* weights) const = 0;
  // Layouts worth offering, best first: one for all operands, unless overridden.
  virtual std::vector<FormatTuple> layouts(const Problem& open) const;
  // The constant input that prepare packs; -1: none.
  virtual int packed_input(const Problem&) const { return -1; }

 private:
  Verdict ask(const Problem& closed) const;
  void keep_packing(const RowState& state, const Problem& bound, Description& description) const;
};

// All operands f32 in `layout`, where their rank has room for it; constants linear.
FormatTuple uniform(const Problem& problem, Layout layout);

}  // namespace tenfold::cpu::onednn
