// Contraction C[m][n] = sum over k of A[m][k] * B[n][k] as tiles in shared memory, then an epilogue.
//   convolution (CONV): m = output pixel, n = filter of the group blockIdx.z, k = (tap, channel) with
//     channels innermost; A is gathered from the channels-last input, B is [filter][tap][channel]
//   matrices: A row-major, B [n][k] or, with B_KN, [k][n]
// KIND 0: f32 on CUDA cores; 1: tf32 and 2: f16 on tensor cores, f32 sums. A block makes BM x BN, WARPS_M
// x WARPS_N warps; VEC elements move as one copy; STAGES tiles are in flight.
typedef ELEMENT Element;
constexpr int kRow = BK + 16 / (int)sizeof(Element);  // 80 or 144 bytes: no bank conflicts
constexpr int kTile = (BM + BN) * kRow;
constexpr int kChunks = BK / VEC;  // copies a row
constexpr int kOutRow = BN + 4;
constexpr int kPipelineBytes = STAGES * kTile * (int)sizeof(Element);
constexpr int kOutBytes = BM * kOutRow * 4;
constexpr int kRowsAt = kPipelineBytes > kOutBytes ? kPipelineBytes : kOutBytes;

__device__ __forceinline__ u32_t shared_address(const void* at) {
  return (u32_t)__cvta_generic_to_shared(at);
}

// VEC elements to shared memory, zeros unless `valid`; `from` must be a readable address either way.
__device__ __forceinline__ void copy_chunk(Element* to, const Element* from, bool valid) {
  constexpr int bytes = VEC * (int)sizeof(Element);
  const int size = valid ? bytes : 0;
  if (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from), "r"(size) : "memory");
  else if (bytes == 8)
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared_address(to)), "l"(from), "r"(size) : "memory");
  else if (bytes == 4)
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(to)), "l"(from), "r"(size) : "memory");
  else {
#pragma unroll
    for (int v = 0; v < VEC; ++v) {
      Element zero = {};
      to[v] = valid ? from[v] : zero;
    }
  }
}
__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> __device__ __forceinline__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// Where row m of A begins: element offset, and for convolutions the window's first input row and column.
struct RowPlace { int base, h, w, unused; };

__device__ __forceinline__ RowPlace place_of(const Params& P, int m) {
  RowPlace place = {0, -(1 << 30), 0, 0};
  if (m >= P.rows) return place;
#if CONV
  int q = divide(m, P.x3);
  const int ow = m - q * P.x3.d;
  const int n = divide(q, P.x2);
  const int oh = q - n * P.x2.d;
  place.base = n * P.in0_s0 + (int)blockIdx.z * P.channels;
  place.h = oh * S0 - B0;
  place.w = ow * S1 - B1;
#else
  place.base = m * P.in0_row + (int)blockIdx.z * P.in0_batch;
  place.h = 0;
#endif
  return place;
}

// Columns k0 + [0, BK) of the block's rows of A.
__device__ __forceinline__ void load_a(const Params& P, const Element* in, const RowPlace* places, Element* tile, int k0) {
  const int column = threadIdx.x % kChunks * VEC, k = k0 + column;
  const bool inside = k < P.depth;
#if CONV
  const int tap = divide(k, P.per_tap), c = k - tap * P.per_tap.d;
  const int r = divide(tap, P.taps_w), s = tap - r * P.taps_w.d;
  const int dh = r * D0, dw = s * D1;
#endif
#pragma unroll 4
  for (int row = threadIdx.x / kChunks; row < BM; row += THREADS / kChunks) {
    const RowPlace place = places[row];
#if CONV
    const int h = place.h + dh, w = place.w + dw;
    const bool valid = inside && h >= 0 && h < H0 && w >= 0 && w < H1;
    const int offset = place.base + h * P.in0_s2 + w * P.in0_s3 + c;
#else
    const bool valid = inside && place.h >= 0;
    const int offset = place.base + k;
#endif
    copy_chunk(tile + row * kRow + column, valid ? in + offset : in, valid);
  }
}

// Columns k0 + [0, BK) of the block's rows n0 + [0, BN) of B.
__device__ __forceinline__ void load_b(const Params& P, const Element* in, Element* tile, int n0, int k0) {
#if B_KN
  for (int i = threadIdx.x; i < BN * BK; i += THREADS) {
    const int n = i % BN, k = i / BN;
    const bool valid = n0 + n < P.filters && k0 + k < P.depth;
    Element value = {};
    if (valid) value = in[(int)blockIdx.z * P.in1_batch + (k0 + k) * P.filters + n0 + n];
    tile[n * kRow + k] = value;
  }
#else
  const int column = threadIdx.x % kChunks * VEC, k = k0 + column;
  const bool inside = k < P.depth;
#if CONV
  const int first = (int)blockIdx.z * P.filters * P.depth;
#else
  const int first = (int)blockIdx.z * P.in1_batch;
#endif
#pragma unroll 4
  for (int row = threadIdx.x / kChunks; row < BN; row += THREADS / kChunks) {
    const bool valid = inside && n0 + row < P.filters;
    copy_chunk(tile + row * kRow + column, valid ? in + first + (n0 + row) * P.depth + k : in, valid);
  }
#endif
}

#if KIND == 0
// Thread (ty, tx) of 16 x 16 owns rows ty + 16 i and columns tx + 16 j.
constexpr int kM = BM / 16, kN = BN / 16;
struct Sums { float v[kM][kN]; };
__device__ __forceinline__ void multiply(Sums& sums, const Element* a, const Element* b) {
  const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
  for (int k = 0; k < BK; k += 4) {
    float4 x[kM], y[kN];
#pragma unroll
    for (int i = 0; i < kM; ++i) x[i] = *reinterpret_cast<const float4*>(a + (ty + 16 * i) * kRow + k);
#pragma unroll
    for (int j = 0; j < kN; ++j) y[j] = *reinterpret_cast<const float4*>(b + (tx + 16 * j) * kRow + k);
#pragma unroll
    for (int i = 0; i < kM; ++i)
#pragma unroll
      for (int j = 0; j < kN; ++j) {
        sums.v[i][j] = fmaf(x[i].x, y[j].x, sums.v[i][j]);
        sums.v[i][j] = fmaf(x[i].y, y[j].y, sums.v[i][j]);
        sums.v[i][j] = fmaf(x[i].z, y[j].z, sums.v[i][j]);
        sums.v[i][j] = fmaf(x[i].w, y[j].w, sums.v[i][j]);
      }
  }
}
__device__ __forceinline__ void put(const Sums& sums, float* out) {
  const int ty = threadIdx.x / 16, tx = threadIdx.x % 16;
#pragma unroll
  for (int i = 0; i < kM; ++i)
#pragma unroll
    for (int j = 0; j < kN; ++j) out[(ty + 16 * i) * kOutRow + tx + 16 * j] = sums.v[i][j];
}
#else
constexpr int kWarpM = BM / WARPS_M, kWarpN = BN / WARPS_N;
constexpr int kM = kWarpM / 16, kN = kWarpN / 8;
struct Sums { float v[kM][kN][4]; };
__device__ __forceinline__ int warp_row() { return threadIdx.x / 32 % WARPS_M * kWarpM; }
__device__ __forceinline__ int warp_column() { return threadIdx.x / 32 / WARPS_M * kWarpN; }

#if KIND == 2
__device__ __forceinline__ void load_matrices(u32_t (&r)[4], const Element* at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(at)) : "memory");
}
__device__ __forceinline__ void multiply(Sums& sums, const Element* a, const Element* b) {
  const int lane = threadIdx.x & 31;
  const Element* a_at = a + (warp_row() + (lane & 15)) * kRow + (lane >> 4) * 8;
  const Element* b_at = b + (warp_column() + (lane & 7) + ((lane >> 4) << 3)) * kRow + ((lane >> 3) & 1) * 8;
#pragma unroll
  for (int k = 0; k < BK; k += 16) {
    u32_t x[kM][4], y[kN / 2][4];
#pragma unroll
    for (int i = 0; i < kM; ++i) load_matrices(x[i], a_at + i * 16 * kRow + k);
#pragma unroll
    for (int j = 0; j < kN / 2; ++j) load_matrices(y[j], b_at + j * 16 * kRow + k);
#pragma unroll
    for (int i = 0; i < kM; ++i)
#pragma unroll
      for (int j = 0; j < kN; ++j) {
        float (&c)[4] = sums.v[i][j];
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
            "{%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(x[i][0]), "r"(x[i][1]), "r"(x[i][2]), "r"(x[i][3]), "r"(y[j / 2][j % 2 * 2]),
              "r"(y[j / 2][j % 2 * 2 + 1]));
      }
  }
}
#else
__device__ __forceinline__ u32_t to_tf32(float x) {
  u32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}
__device__ __forceinline__ void multiply(Sums& sums, const Element* a, const Element* b) {
  const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
  const Element* a_at = a + (warp_row() + g) * kRow + t;
  const Element* b_at = b + (warp_column() + g) * kRow + t;
#pragma unroll
  for (int k = 0; k < BK; k += 8) {
    u32_t x[kM][4], y[kN][2];
#pragma unroll
    for (int i = 0; i < kM; ++i) {
      const Element* at = a_at + i * 16 * kRow + k;
      x[i][0] = to_tf32(at[0]);
      x[i][1] = to_tf32(at[8 * kRow]);
      x[i][2] = to_tf32(at[4]);
      x[i][3] = to_tf32(at[8 * kRow + 4]);
    }
#pragma unroll
    for (int j = 0; j < kN; ++j) {
      const Element* at = b_at + j * 8 * kRow + k;
      y[j][0] = to_tf32(at[0]);
      y[j][1] = to_tf32(at[4]);
    }
#pragma unroll
    for (int i = 0; i < kM; ++i)
#pragma unroll
      for (int j = 0; j < kN; ++j) {
        float (&c)[4] = sums.v[i][j];
        asm volatile(
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
            "{%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(x[i][0]), "r"(x[i][1]), "r"(x[i][2]), "r"(x[i][3]), "r"(y[j][0]), "r"(y[j][1]));
      }
  }
}
#endif
__device__ __forceinline__ void put(const Sums& sums, float* out) {
  const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
#pragma unroll
  for (int i = 0; i < kM; ++i)
#pragma unroll
    for (int j = 0; j < kN; ++j) {
      float* at = out + (warp_row() + i * 16 + g) * kOutRow + warp_column() + j * 8 + 2 * t;
      *reinterpret_cast<float2*>(at) = make_float2(sums.v[i][j][0], sums.v[i][j][1]);
      *reinterpret_cast<float2*>(at + 8 * kOutRow) = make_float2(sums.v[i][j][2], sums.v[i][j][3]);
    }
}
#endif

// Coordinates of output element (m, n) of this block's batch or group.
__device__ __forceinline__ void coordinates_of(const Params& P, int m, int n, Coord& o) {
#if CONV
  int q = divide(m, P.x3);
  o.d[3] = m - q * P.x3.d;
  o.d[0] = divide(q, P.x2);
  o.d[2] = q - o.d[0] * P.x2.d;
  o.d[1] = (int)blockIdx.z * P.filters + n;
#else
  matrix_coordinates(P, m, n, o);
#endif
}

template <typename Epilogue>
__device__ __forceinline__ void contract(const Args& A, const Params& P, unsigned char* shared, Epilogue epilogue) {
  Element* tiles = reinterpret_cast<Element*>(shared);
  RowPlace* places = reinterpret_cast<RowPlace*>(shared + kRowsAt);
  const Element* in_a = reinterpret_cast<const Element*>(A.in0);
  const Element* in_b = reinterpret_cast<const Element*>(A.in1);
  const int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN;
  const int steps = (P.depth + BK - 1) / BK;
  release_successors();
  for (int row = threadIdx.x; row < BM; row += THREADS) places[row] = place_of(P, m0 + row);
  if (!B_CONSTANT) await_predecessors();
#pragma unroll
  for (int s = 0; s < STAGES - 1; ++s)
    if (s < steps) load_b(P, in_b, tiles + s * kTile + BM * kRow, n0, s * BK);
  if (B_CONSTANT) await_predecessors();
  __syncthreads();
#pragma unroll
  for (int s = 0; s < STAGES - 1; ++s) {
    if (s < steps) load_a(P, in_a, places, tiles + s * kTile, s * BK);
    commit_copies();
  }
  Sums sums = {};
  for (int step = 0; step < steps; ++step) {
    wait_copies<STAGES - 2>();
    __syncthreads();
    const int next = step + STAGES - 1;
    if (next < steps) {
      Element* tile = tiles + next % STAGES * kTile;
      load_a(P, in_a, places, tile, next * BK);
      load_b(P, in_b, tile + BM * kRow, n0, next * BK);
    }
    commit_copies();
    const Element* tile = tiles + step % STAGES * kTile;
    multiply(sums, tile, tile + BM * kRow);
  }
  wait_copies<0>();
  __syncthreads();
  float* out = reinterpret_cast<float*>(shared);
  put(sums, out);
  __syncthreads();
  constexpr int vectors = BN / V;
  for (int i = threadIdx.x; i < BM * vectors; i += THREADS) {
    const int row = i / vectors, column = i % vectors * V;
    if (m0 + row >= P.rows || n0 + column >= P.columns) continue;
    Coord o;
    coordinates_of(P, m0 + row, n0 + column, o);
    real acc0[V];
    load_pack<float, V>(out + row * kOutRow + column, acc0);
    epilogue(o, acc0);
  }
}
