// A convolution with its epilogue as cuDNN operation graphs.
#pragma once

#include <array>
#include <string>

#include "backends/cuda/cudnn/descriptor.h"
#include "tenfold/kernel.h"

namespace tenfold::cuda::cudnn {

// A four-dimensional tensor: logical order n c h w, strides in elements.
struct TensorSpec {
  std::array<int64_t, 4> dims{};
  std::array<int64_t, 4> strides{};
  std::array<int64_t, 4> packed{};  // strides without an enclosing buffer
  int type = kDataFloat;
};

// A bound Problem as cuDNN sees it: padded channels are real channels there.
struct ConvSpec {
  TensorSpec x, w, y, bias, residual;
  std::array<int64_t, 2> pads{}, strides{}, dilations{};
  EpilogueForm epilogue;         // indices of bias and residual; -1: none
  bool grouped = false;
  DType compute = DType::kF32;
};

// Which operation graph: cuDNN's patterns are strict, and each of these wins about half the layers.
enum class GraphForm : char {
  // conv -> add residual -> add bias -> act: the pattern of the precompiled fused kernels.
  kAddFirst = 'A',
  // conv -> add bias -> add residual, or identity -> act: the general pattern, whose kernels are
  // compiled at run time. Clipping and what else the first does not know is found here.
  kBiasFirst = 'B',
};

// Why cuDNN cannot express this Problem, or yes. Reads structure and formats only.
Verdict check_conv(const Problem& problem);
// Of a bound Problem that check_conv accepts.
ConvSpec conv_spec(const Problem& bound);
// The forms that differ for this epilogue, A first.
std::vector<GraphForm> graph_forms(const ConvSpec& spec);

// Ids of the tensors that the caller provides, in the variant pack.
enum TensorId : int64_t { kIdX = 1, kIdW = 2, kIdY = 3, kIdBias = 4, kIdResidual = 5 };

// The finalized graph and all that it refers to. `handle` may be null: then it serves device
// descriptions only.
struct ConvGraph {
  std::vector<Descriptor> parts;
  Descriptor graph;
};
ConvGraph build_graph(const ConvSpec& spec, GraphForm form, CudnnHandle handle);

}  // namespace tenfold::cuda::cudnn
