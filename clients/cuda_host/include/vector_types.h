// The small vectors that programs name on the host side.
#pragma once

#include "host_defines.h"

struct uint3 {
  unsigned int x, y, z;
};
struct int2 {
  int x, y;
};
struct int4 {
  int x, y, z, w;
};
struct float2 {
  float x, y;
};
struct float3 {
  float x, y, z;
};
struct float4 {
  float x, y, z, w;
};
struct uchar3 {
  unsigned char x, y, z;
};
struct uchar4 {
  unsigned char x, y, z, w;
};

struct dim3 {
  unsigned int x, y, z;
#ifdef __cplusplus
  dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1) : x(vx), y(vy), z(vz) {}
#endif
};

#ifndef __cplusplus
typedef struct uint3 uint3;
typedef struct int2 int2;
typedef struct int4 int4;
typedef struct float2 float2;
typedef struct float3 float3;
typedef struct float4 float4;
typedef struct uchar3 uchar3;
typedef struct uchar4 uchar4;
typedef struct dim3 dim3;
#endif
