// Format and Problem: how a value is stored, and one piece of work as a flat, hashable value.
#pragma once

#include "tenfold/expr.h"
#include "tenfold/target.h"

namespace tenfold {

// The order of a value's axes in memory, with channel blocks and padding.
struct Layout {
  enum class Kind : uint8_t {
    kLinear = 0,        // row-major in the logical axis order (NCHW, OIHW)
    kChannelsLast = 1,  // axis 1 moved last (NHWC, OHWI); rank >= 2
    kBlocked = 2,       // axis 1 split into blocks of `block`, the block innermost (nChw16c)
    kOpaque = 3,        // packed by a row; only constants, never stored in a plan
  };
  Kind kind = Kind::kLinear;
  int32_t block = 0;  // kBlocked
  int32_t pad = 1;    // axis 1 is stored padded with zeros to a multiple of this
  static Layout linear() { return {}; }
  static Layout channels_last(int pad = 1) { return {Kind::kChannelsLast, 0, pad}; }
  std::string str() const;                        // "linear", "cl", "cl/pad8", "c16"
  static Layout parse(std::string_view text);
  bool operator==(const Layout&) const = default;
};

// How a value is stored. `enclosing` > 0: the value is a slice along axis 1 of a buffer whose axis
// 1 has that extent, so strides are the enclosing buffer's.
struct Format {
  DType dtype = DType::kF32;
  Layout layout;
  int64_t enclosing = 0;
  double scale = 0;  // quantized types: real = scale * stored; 0: not quantized
  std::string str() const;  // "f16:cl/pad4", "f32:linear@512", "i8:cl*0.02"
  static Format parse(std::string_view text);
  bool dense() const { return enclosing == 0; }
  bool operator==(const Format&) const = default;
};

// Strides in elements of each logical axis (for kBlocked: of axis 1, the stride of a block).
Extents strides_of(const Format& format, const Extents& dims);
// Elements and bytes of the storage, padding included (of a slice: of its own span).
int64_t storage_elements(const Format& format, const Extents& dims);
int64_t storage_bytes(const Format& format, const Extents& dims);
Dim storage_elements(const Format& format, const Shape& dims);
// Offset in elements of a logical index.
int64_t offset_of(const Format& format, const Extents& dims, const Extents& index);
// Whether the two describe the same bytes for these dims (e.g. cl and linear when H = W = 1).
bool same_storage(const Format& a, const Format& b, const Shape& dims);

struct Operand {
  Shape dims;
  Format format;
  bool constant = false;
  std::string str() const;  // "f16[N,64,56,56]:cl", "@f32[64,3,7,7]"
  static Operand parse(std::string_view text);
  bool operator==(const Operand&) const = default;
};

// One piece of work. `inputs` are the anchor's operands in op order, then those that only the Expr
// loads. Without an anchor, op is "Pointwise" (Expr only). "Convert" copies input 0 to output 0
// between Formats. Iteration space of the Expr: outputs[0].dims (logical, so formats may differ).
//   Conv(f32[N,3,8,8], @f32[4,3,3,3], @f32[4,1,1]) {pads=[1,1,1,1]} out0=relu(add(acc,in2))
//     -> f32[N,4,8,8] | compute=f32 acc=f32 | N in 0..64 at 1
struct Problem {
  static constexpr size_t kMaxOperands = 65536;  // inputs; outputs

  std::string op;
  Attrs attrs;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  Expr expr;
  DType compute = DType::kF32;  // multiplications: f32, tf32, f16, bf16, ...
  DType accumulate = DType::kF32;
  std::vector<Symbol> symbols;  // of all dims, sorted by name: range and tuning size
  bool closed = false;  // Formats decided; only closed Problems are hashed, timed, stored

  int anchor_inputs = 0;  // how many of `inputs` belong to the anchor
  std::string str() const;  // one line; parse(str()) == *this
  static Problem parse(std::string_view text);  // Error{kInvalid} with the position; verified
  uint64_t hash() const;  // of str()
  // Structure only: Expr slots, dims, symbols known. Error{kInvalid}. Rows may rely on it.
  void verify() const;
  SymbolValues tuning() const;  // every symbol at its tuning size
  SymbolValues largest() const;  // every symbol at its maximum
  Problem bind(const SymbolValues& values) const;  // all dims numbers, no symbols
  Extents extents(const Operand& o, const SymbolValues& v) const { return eval(o.dims, v); }
  bool operator==(const Problem&) const = default;
};

// Floating point operations and bytes moved at the given sizes (anchors with contractions count two
// per multiply-add; other ops one per output element and instruction). For estimates and floors.
struct Cost {
  double flops = 0;
  double bytes = 0;
};
Cost cost_of(const Problem& problem, const SymbolValues& values);

// out = act(acc [+ bias | + residual in either order]): the epilogue of vendor convolutions.
struct EpilogueForm {
  int bias = -1;  // input index, dims [C,1,..] or [C]: one value per channel (axis 1)
  int residual = -1;  // input index, dims equal to the output's
  bool residual_first = false;  // acc + residual + bias
  ExprOp act = ExprOp::kAcc;  // kAcc: none; kRelu, kClip, kLeakyRelu, kElu, kSigmoid, kTanh
  double imm = 0, imm2 = 0;  // of act
};
std::optional<EpilogueForm> match_epilogue(const Problem& problem);

}  // namespace tenfold
