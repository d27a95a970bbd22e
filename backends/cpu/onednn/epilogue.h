// An Expr over a primitive's result as oneDNN post-ops.
#pragma once

#include "backends/cpu/onednn/common.h"

namespace tenfold::cpu::onednn {

struct Epilogue {
  int bias = -1;               // input that goes in as the primitive's own bias
  dnnl::post_ops ops;
  std::vector<Bind> binds;     // operands of the post-ops
};

// Refuses what post-ops cannot say. `bias_axis`: the axis along which a leading addition of one
// value per index becomes the bias; -1: the primitive takes none.
Epilogue map_epilogue(const Problem& bound, int bias_axis);
// The same of given steps.
Epilogue map_steps(const Problem& bound, const std::vector<ChainStep>& steps, int bias_axis = -1);
// What a contraction with packed weights (input 1) binds: its source (input 0), weights, bias and
// destination, and the operands of its epilogue. `plain`: the weights as the Problem stores them.
Description contraction(const dnnl::primitive_desc_base& primitive, const Epilogue& epilogue,
                        const dnnl::memory::desc& plain, const dnnl::memory::desc& src,
                        const dnnl::memory::desc& weights, const dnnl::memory::desc& bias,
                        const dnnl::memory::desc& dst);
// The bias that a primitive takes; empty if it takes none.
dnnl::memory::desc bias_of(const Epilogue& epilogue, int64_t channels);
// Attributes of a primitive with this epilogue.
dnnl::primitive_attr attr_of(const Epilogue& epilogue);

// The oneDNN function of one step without a tensor operand.
struct Eltwise {
  dnnl::algorithm algorithm;
  float alpha = 0, beta = 0;
};
// Refuses steps that have none.
Eltwise eltwise_of(const ChainStep& step);

}  // namespace tenfold::cpu::onednn
