// The part that all our kernels' rows share: text to machine code in the plan half, one kernel
// launch in the run half.
#pragma once

#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/device.h"
#include "backends/cuda/gen/params.h"

namespace tenfold::cuda {

struct Launch {
  Grid grid, block;
  uint32_t shared_bytes = 0;
  ParamList params;
};

// A row whose step is one kernel `NAME(in0, in1, ..., out0, ..., [scratch,] Params)`.
class TextRow : public Row {
 public:
  explicit TextRow(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  std::string_view backend() const override { return "cuda"; }
  std::string version(const Target& target) const override;
  double estimate(const Problem& problem, const Target& target) const override;
  Artifact emit(const Problem& problem, const Tactic& tactic, const Target& target) const override;
  std::unique_ptr<RowState> prepare(const PrepareArgs& args) const override;
  std::unique_ptr<RowInstance> attach(const RowState* state, const AttachArgs& args) const override;
  void record(Commands& commands, const Operands& operands, const RowState* state,
              const RowInstance& instance) const noexcept override;
  bool writes_slices() const override { return true; }
  bool reads_slices() const override { return true; }

  // The text for a closed Problem.
  virtual TextRequest request(const Problem& problem, const Tactic& tactic,
                              const Target& target) const = 0;
  // How to launch it at the sizes of `bound`; structure (what the text depends on) follows from the
  // symbolic `closed`.
  virtual Launch launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                        const Target& target) const = 0;

 protected:
  // Share of the machine's peak that the kernel reaches, for estimates.
  virtual double efficiency(const Problem&) const { return 0.6; }
  // Microseconds that one thread takes from its first to its last access, however many there are.
  virtual double serial_us(const Problem&) const { return 0; }
  // Constant inputs that prepare() uploads in a packing of the row's own: bytes for input k.
  virtual std::vector<std::byte> pack(const Problem& problem, int k, const TensorView& value,
                                      const Tactic& tactic) const;
  // Most dynamic shared memory that any launch of the closed Problem takes.
  virtual uint32_t shared_bytes(const Problem&, const Tactic&) const { return 0; }

 private:
  std::string name_;
};

// Yes unless some operand has a type, format or size that our kernels do not take.
Verdict takes_operands(const Problem& problem);
// All symbols at their tuning sizes: what request() may look at for structure.
Problem at_tuning(const Problem& problem);

// Value of key `name` in "a=1 b=2"; `fallback` when absent or no number.
int tactic_value(const Tactic& tactic, const std::string& name, int fallback);

}  // namespace tenfold::cuda
