// Convolution: x at q = o * stride - pad + tap * dilation. w = [K, C/group, spatial...].
__device__ __forceinline__ bool source(int o, int tap, int stride, int dilation, int pad, int size, int& at) {
  at = o * stride - pad + tap * dilation;
  return at >= 0 && at < size;
}
__device__ __forceinline__ void weight(const Params& P, int group, int c, int k, int (&j)[RANK]) {
  j[0] = k;
  j[1] = c - group * P.channels_per_group;
}
#include "gen/naive_conv.cuh"
