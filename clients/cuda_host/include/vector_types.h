// CUDA's small vectors, as programs name them on the host side; alignments are CUDA's.
#pragma once

#define __VECTOR_TYPES_H__  // programs ask for it

#include "host_defines.h"

#define TENFOLD_CUDA_VECTORS(T, name, two, four)            \
  struct name##1 { T x; };                                  \
  struct __attribute__((aligned(two))) name##2 { T x, y; }; \
  struct name##3 { T x, y, z; };                            \
  struct __attribute__((aligned(four))) name##4 { T x, y, z, w; }

TENFOLD_CUDA_VECTORS(signed char, char, 2, 4);
TENFOLD_CUDA_VECTORS(unsigned char, uchar, 2, 4);
TENFOLD_CUDA_VECTORS(short, short, 4, 8);
TENFOLD_CUDA_VECTORS(unsigned short, ushort, 4, 8);
TENFOLD_CUDA_VECTORS(int, int, 8, 16);
TENFOLD_CUDA_VECTORS(unsigned int, uint, 8, 16);
TENFOLD_CUDA_VECTORS(float, float, 8, 16);
TENFOLD_CUDA_VECTORS(double, double, 16, 16);

#undef TENFOLD_CUDA_VECTORS

struct dim3 {
  unsigned int x, y, z;
#ifdef __cplusplus
  dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1) : x(vx), y(vy), z(vz) {}
#endif
};

#ifndef __cplusplus
#define TENFOLD_CUDA_VECTORS(name) \
  typedef struct name##1 name##1;  \
  typedef struct name##2 name##2;  \
  typedef struct name##3 name##3;  \
  typedef struct name##4 name##4
TENFOLD_CUDA_VECTORS(char);
TENFOLD_CUDA_VECTORS(uchar);
TENFOLD_CUDA_VECTORS(short);
TENFOLD_CUDA_VECTORS(ushort);
TENFOLD_CUDA_VECTORS(int);
TENFOLD_CUDA_VECTORS(uint);
TENFOLD_CUDA_VECTORS(float);
TENFOLD_CUDA_VECTORS(double);
#undef TENFOLD_CUDA_VECTORS
typedef struct dim3 dim3;
#endif
