// The part of CUDA's driver interface that such programs name: the version and the handles' names.
#pragma once

#include "driver_types.h"

#ifndef CUDA_VERSION
#define CUDA_VERSION 10000
#endif

typedef struct CUstream_st* CUstream;
typedef struct CUevent_st* CUevent;
