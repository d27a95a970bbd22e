// Types, conversions and memory access shared by every kernel text. Includes no CUDA header: a machine
// may have the compiler without them.
#pragma once

typedef unsigned char u8_t;
typedef signed char i8_t;
typedef unsigned short u16_t;
typedef short i16_t;
typedef unsigned int u32_t;
typedef int i32_t;
typedef unsigned long long u64_t;
typedef long long i64_t;
struct f16_t { u16_t bits; };
struct bf16_t { u16_t bits; };
struct bool_t { u8_t bits; };

__device__ __forceinline__ float to_float(f16_t x) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(x.bits));
  return f;
}
__device__ __forceinline__ f16_t to_f16(float f) {
  f16_t x;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(x.bits) : "f"(f));
  return x;
}
__device__ __forceinline__ float to_float(bf16_t x) { return __uint_as_float((u32_t)x.bits << 16); }
__device__ __forceinline__ bf16_t to_bf16(float f) {
  bf16_t x;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(x.bits) : "f"(f));
  return x;
}

// Element -> arithmetic type.
template <typename R> __device__ __forceinline__ R widen(f16_t x) { return (R)to_float(x); }
template <typename R> __device__ __forceinline__ R widen(bf16_t x) { return (R)to_float(x); }
template <typename R> __device__ __forceinline__ R widen(bool_t x) { return x.bits ? (R)1 : (R)0; }
template <typename R, typename T> __device__ __forceinline__ R widen(T x) { return (R)x; }
template <> __device__ __forceinline__ f16_t widen<f16_t>(f16_t x) { return x; }
template <> __device__ __forceinline__ bf16_t widen<bf16_t>(bf16_t x) { return x; }
template <> __device__ __forceinline__ bool_t widen<bool_t>(bool_t x) { return x; }

// Arithmetic type -> element: nearest even, integers saturate and are 0 for NaN.
__device__ __forceinline__ i64_t to_integer(float x, i64_t low, i64_t high) {
  const i64_t n = x != x ? 0 : __float2ll_rn(x);
  return n < low ? low : n > high ? high : n;
}
__device__ __forceinline__ i64_t to_integer(double x, i64_t low, i64_t high) {
  const i64_t n = x != x ? 0 : __double2ll_rn(x);
  return n < low ? low : n > high ? high : n;
}
template <typename T> struct Narrow;
template <> struct Narrow<float> { template <typename R> static __device__ __forceinline__ float of(R x) { return (float)x; } };
template <> struct Narrow<double> { template <typename R> static __device__ __forceinline__ double of(R x) { return (double)x; } };
template <> struct Narrow<f16_t> { template <typename R> static __device__ __forceinline__ f16_t of(R x) { return to_f16((float)x); } };
template <> struct Narrow<bf16_t> { template <typename R> static __device__ __forceinline__ bf16_t of(R x) { return to_bf16((float)x); } };
template <> struct Narrow<bool_t> { template <typename R> static __device__ __forceinline__ bool_t of(R x) { bool_t b; b.bits = x != (R)0; return b; } };
template <> struct Narrow<u8_t> { template <typename R> static __device__ __forceinline__ u8_t of(R x) { return (u8_t)to_integer(x, 0, 255); } };
template <> struct Narrow<i8_t> { template <typename R> static __device__ __forceinline__ i8_t of(R x) { return (i8_t)to_integer(x, -128, 127); } };
template <> struct Narrow<u16_t> { template <typename R> static __device__ __forceinline__ u16_t of(R x) { return (u16_t)to_integer(x, 0, 65535); } };
template <> struct Narrow<i16_t> { template <typename R> static __device__ __forceinline__ i16_t of(R x) { return (i16_t)to_integer(x, -32768, 32767); } };
template <> struct Narrow<u32_t> { template <typename R> static __device__ __forceinline__ u32_t of(R x) { return (u32_t)to_integer(x, 0, 4294967295ll); } };
template <> struct Narrow<i32_t> { template <typename R> static __device__ __forceinline__ i32_t of(R x) { return (i32_t)to_integer(x, -2147483648ll, 2147483647ll); } };
template <> struct Narrow<u64_t> { template <typename R> static __device__ __forceinline__ u64_t of(R x) { return x != x ? 0 : __double2ull_rn((double)x); } };
template <> struct Narrow<i64_t> { template <typename R> static __device__ __forceinline__ i64_t of(R x) { return x != x ? 0 : __double2ll_rn((double)x); } };
template <typename T, typename R> __device__ __forceinline__ T narrow(R x) { return Narrow<T>::of(x); }

// N elements that move as one access of at most 16 bytes.
template <typename T, int N> struct alignas(sizeof(T) * N > 16 ? 16 : sizeof(T) * N) Pack { T v[N]; };

template <typename T, int N, typename R>
__device__ __forceinline__ void load_pack(const T* at, R (&out)[N]) {
  const Pack<T, N> pack = *reinterpret_cast<const Pack<T, N>*>(at);
#pragma unroll
  for (int v = 0; v < N; ++v) out[v] = widen<R>(pack.v[v]);
}
template <typename T, int N, typename R>
__device__ __forceinline__ void store_pack(T* at, const R (&in)[N]) {
  Pack<T, N> pack;
#pragma unroll
  for (int v = 0; v < N; ++v) pack.v[v] = narrow<T>(in[v]);
  *reinterpret_cast<Pack<T, N>*>(at) = pack;
}
__device__ __forceinline__ bool aligned_to(const void* at, int bytes) {
  return (reinterpret_cast<u64_t>(at) & (u64_t)(bytes - 1)) == 0;
}

// Lets the next kernel become resident while this one runs.
__device__ __forceinline__ void release_successors() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
// Waits until all that came before is done and visible. Every thread calls it before its first access to
// anything that is not constant, and before it returns.
__device__ __forceinline__ void await_predecessors() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
__device__ __forceinline__ void wait_for_predecessors() {
  release_successors();
  await_predecessors();
}

// The nearest of 0 .. n - 1.
__device__ __forceinline__ int inside_of(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

// n / d for 0 <= n < 2^31 with a divisor prepared on the host.
struct Divisor { int d; u32_t mul; int shift; };
__device__ __forceinline__ int divide(int n, const Divisor& by) {
  return (int)((__umulhi((u32_t)n, by.mul) + (u32_t)n) >> by.shift);
}

// The remainder with the sign of b.
template <typename R> __device__ __forceinline__ R floor_mod(R a, R b) {
  const R r = fmod(a, b);
  return r != (R)0 && (r < (R)0) != (b < (R)0) ? r + b : r;
}

// Roundings that an Expr asks for.
template <typename R> __device__ __forceinline__ R round_f16(R x) { return (R)to_float(to_f16((float)x)); }
template <typename R> __device__ __forceinline__ R round_bf16(R x) { return (R)to_float(to_bf16((float)x)); }
