// What oneDNN computes wrongly, each found by random problems (tests/op/random_test.cpp) in 3.2. An
// entry goes when the oldest version that may be linked computes it rightly.
#include <string_view>

#include "backends/cpu/onednn/common.h"

namespace tenfold::cpu::onednn {
namespace {

// Whether an operand of the expression satisfies f(operand, dims).
template <typename F>
bool any_operand(const Problem& p, F&& f) {
  for (const int k : p.expr.loads()) {
    const Operand& o = p.inputs[static_cast<size_t>(k)];
    if (f(o, const_extents(o.dims))) return true;
  }
  return false;
}

// Adds the bias and applies post-ops once for each part of the kernel that reaches a point.
bool unfinished_sums(const Problem& p, std::string_view implementation) {
  return p.op == "ConvTranspose" && !p.expr.empty() &&
         implementation.find("brgconv_strided") != std::string_view::npos;
}

// Reads an operand of one value a point at the wrong places unless it lies as the output does, with
// channels last.
bool pool_of_other_points(const Problem& p) {
  if (!p.op.ends_with("Pool")) return false;
  const Extents y = const_extents(p.outputs[0].dims);
  const bool planes = p.inputs[0].format.layout.kind == Layout::Kind::kLinear;
  return any_operand(p, [&](const Operand& o, const Extents& dims) {
    if (planes ? dims.size() == y.size() : dims == y)
      return planes || o.format != p.outputs[0].format;
    // The channels are the axis of index 1.
    const bool each = dims.size() + 1 >= y.size() && element_count(dims) == y[1] &&
                      dims[dims.size() + 1 - y.size()] == y[1];
    return element_count(dims) != 1 && !each;
  });
}

// Reads an operand of one value a channel at the wrong places where the softmax runs along another
// axis.
bool softmax_beside_channels(const Problem& p) {
  if (p.op != "Softmax" && p.op != "LogSoftmax") return false;
  const Extents y = const_extents(p.outputs[0].dims);
  return any_operand(p, [&](const Operand&, const Extents& dims) {
    return element_count(dims) != 1 && dims != y;
  });
}

// Takes the fourth root of the cube of a sum, which overflows at 7e12 (inputs of a million).
bool lrn_of_cubes(const Problem& p) {
  return p.op == "LRN" && static_cast<float>(p.attrs.f("beta", 0.75)) == 0.75f;
}

}  // namespace

std::string known_fault(const Problem& bound, const dnnl::primitive_desc_base& primitive) {
  if (unfinished_sums(bound, primitive.impl_info_str()))
    return "oneDNN has only an implementation that applies the expression to sums that are not "
           "finished";
  if (pool_of_other_points(bound))
    return "oneDNN misreads an operand of pooling that does not lie as the output does";
  if (softmax_beside_channels(bound))
    return "oneDNN misreads an operand of some of the output's axes after a softmax";
  if (lrn_of_cubes(bound)) return "oneDNN cubes the sums of LRN's beta 0.75, which overflows";
  return {};
}

}  // namespace tenfold::cpu::onednn
