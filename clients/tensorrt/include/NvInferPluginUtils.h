// Part of NvInferPlugin.h under a name of its own in TensorRT 5.1.
#pragma once

#include "NvInferPlugin.h"
