// The generation of TensorRT's interface that these headers speak: 2 to 5. A program written for an
// older one compiles as it is; -DNV_TENSORRT_MAJOR=3 makes code that asks for the version see 3.0.
#pragma once

#ifndef NV_TENSORRT_MAJOR
#define NV_TENSORRT_MAJOR 5
#ifndef NV_TENSORRT_MINOR
#define NV_TENSORRT_MINOR 1
#endif
#endif
#ifndef NV_TENSORRT_MINOR
#define NV_TENSORRT_MINOR 0
#endif
#ifndef NV_TENSORRT_PATCH
#define NV_TENSORRT_PATCH 0
#endif
#ifndef NV_TENSORRT_BUILD
#define NV_TENSORRT_BUILD 0
#endif

#if NV_TENSORRT_MAJOR < 2 || NV_TENSORRT_MAJOR > 5
#error "these headers serve programs written for TensorRT 2 to 5 (NV_TENSORRT_MAJOR)"
#endif

#define NV_TENSORRT_VERSION \
  ((NV_TENSORRT_MAJOR * 1000) + (NV_TENSORRT_MINOR * 100) + NV_TENSORRT_PATCH)

// The names of the days when it was called GIE.
#define NV_GIE_MAJOR NV_TENSORRT_MAJOR
#define NV_GIE_MINOR NV_TENSORRT_MINOR
#define NV_GIE_PATCH NV_TENSORRT_PATCH
#define NV_GIE_VERSION NV_TENSORRT_VERSION

#define NV_TENSORRT_SONAME_MAJOR NV_TENSORRT_MAJOR
#define NV_TENSORRT_SONAME_MINOR NV_TENSORRT_MINOR
#define NV_TENSORRT_SONAME_PATCH NV_TENSORRT_PATCH

// Present only in Tenfold's headers: tells them from NVIDIA's.
#define TENFOLD_TENSORRT 1

#ifndef TENSORRTAPI
#define TENSORRTAPI __attribute__((visibility("default")))
#endif
#ifndef TRTNOEXCEPT
#define TRTNOEXCEPT
#endif
