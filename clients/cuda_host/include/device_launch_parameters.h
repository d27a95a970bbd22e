// Names that kernels use. There are no kernels here: programs include this file from habit.
#pragma once

#include "vector_types.h"
