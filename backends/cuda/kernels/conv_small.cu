// Convolution of few pixels, f16 with channels last, sums in f32, for cuda.conv_small. A block makes
// ROWS x COLS output pixels of one picture (FLAT: COLS pixels of all) by WN * MT * 16 filters. Its
// warps divide the depth: WT ways over the taps, WC ways over blocks of 16 channels, and WN ways the
// filters. Weights come packed in fragments of 16 filters by 16 of depth and go to registers, the
// first ones before the predecessor is done; the pixels that the windows cover go to shared memory
// once, CHUNKS parts of the channels at a time, and fragments of every tap are read from there.
//   TAPS_H x TAPS_W taps of BLOCKS * 16 elements; with PACKED_ROWS a tap is a row of the window, cells
//   of CELL channels that lie side by side in input and patch alike, and TAPS_W is 1
constexpr int kWarpsK = WT * WC;
constexpr int kFilters = WN * MT * 16;
constexpr int kPixels = ROWS * COLS;
constexpr int kTiles = (kPixels + 7) / 8;  // of 8 pixels
constexpr int kPairs = (kTiles + 1) / 2;
constexpr bool kLastSingle = kTiles % 2 != 0;
// The patch of input that the block's windows cover, in cells of one pixel.
constexpr int kPatchRows = FLAT ? 1 : (ROWS - 1) * S0 + (K0 - 1) * D0 + 1;
constexpr int kPatchColumns =
    FLAT ? COLS : (COLS - 1) * S1 + (WINDOW_CELLS - 1) * D1 + 1 + ((COLS - 1) * S1 + WINDOW_CELLS) * PACKED_ROWS % 2;
constexpr int kCells = kPatchRows * kPatchColumns;
constexpr int kBlocksChunk = BLOCKS / CHUNKS;
constexpr int kCellBytes = PACKED_ROWS ? CELL * 2 : kBlocksChunk * 32;
constexpr int kPitch = PACKED_ROWS ? kCellBytes : kCellBytes + 16;  // no bank conflicts
constexpr int kCopyBytes = kCellBytes < 16 ? kCellBytes : 16;
constexpr int kCopiesCell = kCellBytes / kCopyBytes;
constexpr int kCopies = (kCells * kCopiesCell + THREADS - 1) / THREADS;  // a thread
constexpr int kBuffers = CHUNKS < 2 ? CHUNKS : 2;
constexpr int kChunkBytes = (kCells * kPitch + 15) / 16 * 16;
constexpr int kTapsWarp = TAPS_H * TAPS_W / WT;
constexpr int kBlocksWarp = kBlocksChunk / WC;
constexpr int kStepsChunk = kTapsWarp * kBlocksWarp;
constexpr int kSteps = kStepsChunk * CHUNKS;
constexpr int kSumRow = kFilters + 4;
constexpr int kSumBytes = kTiles * 8 * kSumRow * 4;  // of one share of the depth

constexpr int kRounds = (kPixels * kFilters / V + THREADS - 1) / THREADS;  // of the epilogue
constexpr int kMostEarly = 3;  // rounds whose operands wait in registers

struct Fragment { u32_t r[4]; };

__device__ __forceinline__ u32_t shared_address(const void* at) {
  return (u32_t)__cvta_generic_to_shared(at);
}
__device__ __forceinline__ Fragment load_weights(const uint4* at) {
  Fragment f;
  asm volatile("ld.global.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(f.r[0]), "=r"(f.r[1]), "=r"(f.r[2]), "=r"(f.r[3]) : "l"(at));
  return f;
}
__device__ __forceinline__ void load_pixels(Fragment& f, u32_t at, bool single) {
  if (single)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                 : "=r"(f.r[0]), "=r"(f.r[1]) : "r"(at) : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(f.r[0]), "=r"(f.r[1]), "=r"(f.r[2]), "=r"(f.r[3]) : "r"(at) : "memory");
}
__device__ __forceinline__ void multiply(float (&c)[4], const Fragment& a, u32_t b0, u32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "r"(b0), "r"(b1));
}
// Zeros unless `valid`; `from` must be a readable address either way.
__device__ __forceinline__ void copy_async(u32_t to, const f16_t* from, bool valid) {
  const int size = valid ? kCopyBytes : 0;
  if (kCopyBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(size) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(size) : "memory");
}
__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> __device__ __forceinline__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// The block's first pixel; FLAT: w counts all pixels.
struct Place { int n, h, w; };
__device__ __forceinline__ Place place_of_block(const Params& P) {
  Place place = {0, 0, (int)blockIdx.x * COLS};
#if !FLAT
  const int across = (P.x3.d + COLS - 1) / COLS, q = (int)(blockIdx.x / (u32_t)across);
  place.w = ((int)blockIdx.x - q * across) * COLS;
  place.h = q * ROWS;
  place.n = blockIdx.z;
#endif
  return place;
}
// Output coordinates of the block's pixel p; false outside.
__device__ __forceinline__ bool locate(const Params& P, const Place& block, int p, int& n, int& h, int& w) {
#if FLAT
  const int m = block.w + p;
  int q = divide(m, P.x3);
  w = m - q * P.x3.d;
  n = divide(q, P.x2);
  h = q - n * P.x2.d;
  return m < P.rows;
#else
  n = block.n;
  h = block.h + p / COLS;
  w = block.w + p % COLS;
  return h < P.x2.d && w < P.x3.d;
#endif
}
// Element offset of patch cell `cell` in the input, channel `channel` on; -1: zeros.
__device__ __forceinline__ int source_of(const Params& P, const Place& block, int cell, int channel) {
  int n = block.n, h, w;
  bool inside = cell < kCells;
#if FLAT
  inside = locate(P, block, cell, n, h, w) && inside;
  h = h * S0 - B0;
  w = w * S1 - B1;
#else
  h = block.h * S0 - B0 + cell / kPatchColumns;
  w = block.w * S1 - B1 + cell % kPatchColumns;
#endif
  inside = inside && h >= 0 && h < H0 && w >= 0 && w < H1;
  return inside ? n * P.in0_s0 + h * P.in0_s2 + w * P.in0_s3 + channel : -1;
}

// What this thread copies of every chunk.
struct Copies { int from[kCopies]; };
__device__ __forceinline__ Copies plan_copies(const Params& P, const Place& block) {
  Copies copies;
#pragma unroll
  for (int j = 0; j < kCopies; ++j) {
    const int i = threadIdx.x + j * THREADS;
    copies.from[j] = source_of(P, block, i / kCopiesCell, i % kCopiesCell * (kCopyBytes / 2));
  }
  return copies;
}
__device__ __forceinline__ void copy_chunk(const Copies& copies, const f16_t* in, u32_t patch, int chunk) {
  const u32_t to = patch + chunk % kBuffers * kChunkBytes;
#pragma unroll
  for (int j = 0; j < kCopies; ++j) {
    const int i = threadIdx.x + j * THREADS;
    const int part = i % kCopiesCell, first = chunk * kBlocksChunk * 16;
    bool valid = copies.from[j] >= 0;
    if (!PACKED_ROWS && CELL % 16 != 0) valid = valid && first + part * 8 < CELL;
    if ((j + 1) * THREADS <= kCells * kCopiesCell || i < kCells * kCopiesCell)
      copy_async(to + i / kCopiesCell * kPitch + part * kCopyBytes, valid ? in + copies.from[j] + first : in, valid);
  }
  commit_copies();
}

// Bytes from a pixel's first cell to the warp's step `i` of a chunk, and its fragment's index.
__device__ __forceinline__ constexpr int step_bytes(int i) {
  const int tap = i / kBlocksWarp, block = i % kBlocksWarp;
  return (tap / TAPS_W * D0 * kPatchColumns + tap % TAPS_W * D1) * kPitch + block * WC * 32;
}
__device__ __forceinline__ constexpr int step_fragment(int i) {
  const int chunk = i / kStepsChunk, tap = i % kStepsChunk / kBlocksWarp, block = i % kBlocksWarp;
  return tap * BLOCKS + chunk * kBlocksChunk + block * WC;
}

// Where the thread's round `r` of the epilogue is in the output; false outside.
__device__ __forceinline__ bool place_of_round(const Params& P, const Place& block, int r, Coord& o) {
  constexpr int vectors = kFilters / V;
  const int i = threadIdx.x + r * THREADS;
  o.d[1] = (int)blockIdx.y * kFilters + i % vectors * V;
  return i < kPixels * vectors && locate(P, block, i / vectors, o.d[0], o.d[2], o.d[3]) && o.d[1] < P.filters;
}

template <typename Begin, typename Finish>
__device__ __forceinline__ void contract(const Args& A, const Params& P, unsigned char* shared, Begin begin, Finish finish) {
  release_successors();
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int wc = warp % WC, wt = warp / WC % WT, wn = warp / kWarpsK;
  const int first_tap = wt * kTapsWarp;
  const uint4* weights[MT];
  Fragment a[DEPTH][MT];
#pragma unroll
  for (int m = 0; m < MT; ++m) {
    int tile = ((int)blockIdx.y * WN + wn) * MT + m;
    if (tile >= P.filter_tiles) tile = P.filter_tiles - 1;
    weights[m] = reinterpret_cast<const uint4*>(A.in1) +
                 (tile * (TAPS_H * TAPS_W * BLOCKS) + first_tap * BLOCKS + wc) * 32 + lane;
  }
#pragma unroll
  for (int i = 0; i < DEPTH; ++i)
#pragma unroll
    for (int m = 0; m < MT; ++m) a[i][m] = load_weights(weights[m] + step_fragment(i) * 32);

  const Place block = place_of_block(P);
  const u32_t patch = shared_address(shared);
  const Copies copies = plan_copies(P, block);
  u32_t pixels[kPairs];  // where this lane's row of every pair of tiles begins
#pragma unroll
  for (int j = 0; j < kPairs; ++j) {
    int p = j * 16 + (lane & 7) + (lane >> 4 << 3);
    if (p >= kPixels) p = 0;
    const int cell = FLAT ? p : p / COLS * S0 * kPatchColumns + p % COLS * S1;
    pixels[j] = patch + cell * kPitch + (lane >> 3 & 1) * 16 + wc * 32 +
                (first_tap / TAPS_W * D0 * kPatchColumns + first_tap % TAPS_W * D1) * kPitch;
  }
  float sums[MT][kPairs * 2][4];
#pragma unroll
  for (int m = 0; m < MT; ++m)
#pragma unroll
    for (int j = 0; j < kPairs * 2; ++j)
#pragma unroll
      for (int v = 0; v < 4; ++v) sums[m][j][v] = 0;

  await_predecessors();
  const f16_t* in = reinterpret_cast<const f16_t*>(A.in0);
#pragma unroll
  for (int c = 0; c < kBuffers; ++c) copy_chunk(copies, in, patch, c);
  constexpr int kEarly = kRounds <= kMostEarly ? kRounds : 0;
  Coord early[kEarly + 1];
  Ahead ahead[kEarly + 1];
  bool inside[kEarly + 1];
#pragma unroll
  for (int r = 0; r < kEarly; ++r) {
    inside[r] = place_of_round(P, block, r, early[r]);
    if (inside[r]) begin(early[r], ahead[r]);
  }
#pragma unroll
  for (int c = 0; c < CHUNKS; ++c) {
    if (c + 1 < CHUNKS) wait_copies<1>();
    else wait_copies<0>();
    __syncthreads();
    const int buffer = c % kBuffers * kChunkBytes;
    Fragment b[2][kPairs];
#pragma unroll
    for (int j = 0; j < kPairs; ++j) load_pixels(b[0][j], pixels[j] + buffer, kLastSingle && j + 1 == kPairs);
#pragma unroll
    for (int i = 0; i < kStepsChunk; ++i) {
      const int step = c * kStepsChunk + i;
      if (i + 1 < kStepsChunk)
#pragma unroll
        for (int j = 0; j < kPairs; ++j)
          load_pixels(b[(i + 1) & 1][j], pixels[j] + (buffer + step_bytes(i + 1)), kLastSingle && j + 1 == kPairs);
#pragma unroll
      for (int m = 0; m < MT; ++m)
#pragma unroll
        for (int t = 0; t < kTiles; ++t)
          multiply(sums[m][t], a[step % DEPTH][m], b[i & 1][t / 2].r[t % 2 * 2], b[i & 1][t / 2].r[t % 2 * 2 + 1]);
      if (step + DEPTH < kSteps)
#pragma unroll
        for (int m = 0; m < MT; ++m) a[step % DEPTH][m] = load_weights(weights[m] + step_fragment(step + DEPTH) * 32);
    }
    if (c + kBuffers < CHUNKS) {
      __syncthreads();
      copy_chunk(copies, in, patch, c + kBuffers);
    }
  }
  __syncthreads();

  // Every share of the depth to shared memory as [pixel][filter], then their sums to the epilogue.
  float* shares = reinterpret_cast<float*>(shared);
  float* own = shares + (wt * WC + wc) * (kSumBytes / 4) + wn * MT * 16 + (lane >> 2);
#pragma unroll
  for (int m = 0; m < MT; ++m)
#pragma unroll
    for (int t = 0; t < kTiles; ++t) {
      float* at = own + (t * 8 + (lane & 3) * 2) * kSumRow + m * 16;
      at[0] = sums[m][t][0];
      at[kSumRow] = sums[m][t][1];
      at[8] = sums[m][t][2];
      at[kSumRow + 8] = sums[m][t][3];
    }
  __syncthreads();
#pragma unroll
  for (int r = 0; r < kRounds; ++r) {
    Coord& o = early[kEarly ? r : 0];
    Ahead& operands = ahead[kEarly ? r : 0];
    if (!(kEarly ? inside[kEarly ? r : 0] : place_of_round(P, block, r, o))) continue;
    if (!kEarly) begin(o, operands);
    const int i = threadIdx.x + r * THREADS;
    real acc0[V], share[V];
    const float* at = shares + i / (kFilters / V) * kSumRow + i % (kFilters / V) * V;
    load_pack<float, V>(at, acc0);
#pragma unroll
    for (int k = 1; k < kWarpsK; ++k) {
      load_pack<float, V>(at + k * (kSumBytes / 4), share);
#pragma unroll
      for (int v = 0; v < V; ++v) acc0[v] += share[v];
    }
    finish(o, operands, acc0);
  }
}
