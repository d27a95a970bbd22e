// Kernels that compute each output element on its own: anchor(coordinates) from a text of kernels/,
// then the Expr, then the stores. The generator writes the index arithmetic of every layout,
// broadcast and padding, vectorized along the output's innermost axis where formats allow.
#pragma once

#include "backends/cuda/gen/text_row.h"

namespace tenfold::cuda {

// What an op adds to the generator.
struct ElementwiseAnchor {
  // Device text that defines `anchor(A, P, o, acc0)` (see kernels/*.cu); empty: the Expr only.
  std::string include;
  // For every anchor input the axis along which it moves with the lanes of the output's axis
  // `lane`; -1: lanes read single elements that anchor() addresses itself.
  std::vector<int> (*lane_axes)(const Problem& problem, int lane) = nullptr;
  // Adds the op's own parameters (attributes).
  void (*params)(const Problem& problem, ParamList& list) = nullptr;
  // Preprocessor lines that the include reads, from structure only.
  std::string (*defines)(const Problem& problem) = nullptr;
  // A block works on one row, the elements along these axes of the output: the text defines `Row`,
  // `begin_row(A, P, o)` (by all threads) and `row_element(A, P, o, row, acc0)` instead of
  // `anchor`; `row_place(P, j, d)` sets the row's axes of coordinates d to its element j of
  // P.extent. Null: no rows.
  std::vector<int> (*row_axes)(const Problem& problem) = nullptr;
  // A block works on one element: all its threads call `anchor`, which gives the value to thread 0.
  // The number of values that they share; null: a thread an element.
  int64_t (*shared_values)(const Problem& problem) = nullptr;
  // The text defines `contract(A, P, shared, epilogue)`, which calls epilogue(o, acc0) for every
  // vector of the output (gen/contract.cuh).
  bool contraction = false;
  // `contract` takes begin(o, ahead) and finish(o, ahead, acc0) instead: the first reads the Expr's
  // operands, which may be long before the sums are known.
  bool reads_ahead = false;
  int (*lane_limit)(const Problem& problem) = nullptr;  // lanes divide it
  int threads = 256;  // of a block, at most
  bool vector = true;  // lanes > 1 make sense
  bool aligned_lanes = true;  // anchor inputs are read at the lane's own coordinate
  // Of input 0 a thread reads, once any thread of its block has stored, only what it stores itself.
  bool own_element = false;
};

// Lanes a thread computes, and whether the iteration is one flat range.
struct ElementwiseShape {
  int lanes = 1;
  int lane_axis = 0;  // logical axis of the output; 0 for scalars
  bool flat = false;
  bool wide = false;  // arithmetic in double
};
ElementwiseShape shape_of(const Problem& closed, const ElementwiseAnchor& anchor);

TextRequest elementwise_request(const std::string& entry, const Problem& closed,
                                const ElementwiseAnchor& anchor);
Launch elementwise_launch(const Problem& closed, const Problem& bound,
                          const ElementwiseAnchor& anchor);

// Tuples for rows of this kind: every f32 operand in one storage type and layout, others as pinned.
std::vector<FormatTuple> uniform_formats(const Problem& problem, TypeSet permitted,
                                         bool layouts = true);

// A row made of an anchor: most naive rows are nothing more.
class ElementwiseRow : public TextRow {
 public:
  ElementwiseRow(std::string name, std::vector<std::string> patterns, ElementwiseAnchor anchor)
      : TextRow(std::move(name)), patterns_(std::move(patterns)), anchor_(std::move(anchor)) {}
  std::vector<std::string> patterns() const override { return patterns_; }
  Verdict supports(const Problem& problem, const Target& target) const override;
  std::vector<FormatTuple> formats(const Problem& problem, const Target& target,
                                   TypeSet permitted) const override;
  TextRequest request(const Problem& problem, const Tactic& tactic,
                      const Target& target) const override;
  Launch launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                const Target& target) const override;
  // Expr operands are read by the thread that then writes the element; those of most anchors are
  // not.
  int in_place(const Problem& problem) const override;

 protected:
  // The op's own refusals; called with open and closed Problems.
  virtual Verdict accepts(const Problem&) const { return {}; }
  bool serves(const Problem& problem) const;  // one of the patterns names its op
  const ElementwiseAnchor& anchor() const { return anchor_; }

 private:
  std::vector<std::string> patterns_;
  ElementwiseAnchor anchor_;
};

}  // namespace tenfold::cuda
