// Bulk conversion between stored elements and doubles.
#pragma once

#include "tenfold/type.h"

namespace tenfold {

// out[k] = element begin + k, for k < count. Reads only those elements.
void load_elements(DType type, const void* data, int64_t begin, int64_t count, double* out);
// The reverse; rounds and saturates as store_element does.
void store_elements(DType type, void* data, int64_t begin, int64_t count, const double* values);
// count elements from one type to another, from index 0; exact between integers of 64 bits.
void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count);

}  // namespace tenfold
