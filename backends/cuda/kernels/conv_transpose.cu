// ConvTranspose gathered: x at p where o = p * stride - pad + tap * dilation. w = [C, K/group, spatial...].
__device__ __forceinline__ bool source(int o, int tap, int stride, int dilation, int pad, int size, int& at) {
  const int q = o + pad - tap * dilation;
  if (q < 0) return false;
  at = q / stride;
  return q - at * stride == 0 && at < size;
}
__device__ __forceinline__ void weight(const Params& P, int group, int c, int k, int (&j)[RANK]) {
  j[0] = c;
  j[1] = k - group * P.filters_per_group;
}
#include "gen/naive_conv.cuh"
