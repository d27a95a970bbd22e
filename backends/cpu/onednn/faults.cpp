// What oneDNN computes wrongly, each found by random problems (tests/op/random_test.cpp) in 3.2. An
// entry goes when the oldest version that may be linked computes it rightly.
#include <string_view>

#include "backends/cpu/onednn/common.h"

namespace tenfold::cpu::onednn {
namespace {

// Whether an operand of the expression satisfies f(dims).
template <typename F>
bool any_operand(const Problem& p, F&& f) {
  for (const int k : p.expr.loads())
    if (f(const_extents(p.inputs[static_cast<size_t>(k)].dims))) return true;
  return false;
}

// Adds the bias and applies post-ops once for each part of the kernel that reaches a point.
bool unfinished_sums(const Problem& p, std::string_view implementation) {
  return p.op == "ConvTranspose" && !p.expr.empty() &&
         implementation.find("brgconv_strided") != std::string_view::npos;
}

// Of planes, reads an operand that has a value for each point at the wrong places.
bool pool_of_planes(const Problem& p) {
  if (!p.op.ends_with("Pool") || p.inputs[0].format.layout.kind != Layout::Kind::kLinear)
    return false;
  const size_t rank = p.outputs[0].dims.size();
  return any_operand(p, [&](const Extents& dims) { return dims.size() == rank; });
}

// Reads an operand of one value a channel at the wrong places where the softmax runs along another
// axis.
bool softmax_beside_channels(const Problem& p) {
  if (p.op != "Softmax" && p.op != "LogSoftmax") return false;
  const Extents y = const_extents(p.outputs[0].dims);
  return any_operand(p, [&](const Extents& dims) { return element_count(dims) != 1 && dims != y; });
}

}  // namespace

std::string known_fault(const Problem& bound, const dnnl::primitive_desc_base& primitive) {
  if (unfinished_sums(bound, primitive.impl_info_str()))
    return "oneDNN has only an implementation that applies the expression to sums that are not "
           "finished";
  if (pool_of_planes(bound))
    return "oneDNN misreads an operand of the output's rank while it pools planes";
  if (softmax_beside_channels(bound))
    return "oneDNN misreads an operand of some of the output's axes after a softmax";
  return {};
}

}  // namespace tenfold::cpu::onednn
