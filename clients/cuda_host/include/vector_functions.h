// make_float4 and its kin.
#pragma once

#include "vector_types.h"

#define TENFOLD_CUDA_MAKE(T, name)                                  \
  static inline struct name##1 make_##name##1(T x) {                \
    struct name##1 v = {x};                                         \
    return v;                                                       \
  }                                                                 \
  static inline struct name##2 make_##name##2(T x, T y) {           \
    struct name##2 v = {x, y};                                      \
    return v;                                                       \
  }                                                                 \
  static inline struct name##3 make_##name##3(T x, T y, T z) {      \
    struct name##3 v = {x, y, z};                                   \
    return v;                                                       \
  }                                                                 \
  static inline struct name##4 make_##name##4(T x, T y, T z, T w) { \
    struct name##4 v = {x, y, z, w};                                \
    return v;                                                       \
  }

TENFOLD_CUDA_MAKE(signed char, char)
TENFOLD_CUDA_MAKE(unsigned char, uchar)
TENFOLD_CUDA_MAKE(short, short)
TENFOLD_CUDA_MAKE(unsigned short, ushort)
TENFOLD_CUDA_MAKE(int, int)
TENFOLD_CUDA_MAKE(unsigned int, uint)
TENFOLD_CUDA_MAKE(float, float)
TENFOLD_CUDA_MAKE(double, double)

#undef TENFOLD_CUDA_MAKE
