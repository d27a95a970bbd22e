// y = (x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + shift[c]; inputs x, scale, shift, mean,
// variance.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  load_in0(A, P, o, o.d, y);
#pragma unroll
  for (int v = 0; v < V; ++v) {
    if (v >= o.valid) break;
    const int c[1] = {o.d[1] + (LANE_AXIS == 1 ? v : 0)};
    const real scale = elem_in1(A, P, c) / sqrt(elem_in4(A, P, c) + (real)P.epsilon);
    y[v] = (y[v] - elem_in3(A, P, c)) * scale + elem_in2(A, P, c);
  }
}
