// How one operand is addressed: structure for the text, strides for the parameters.
#pragma once

#include "backends/cuda/gen/params.h"
#include "tenfold/problem.h"

namespace tenfold::cuda {

bool is_one(const Dim& dim);
// The stored extent of the innermost axis (padding included) if it is a number, else 0.
int64_t inner_extent(const Operand& operand);
// The logical axis that is innermost in memory.
int inner_axis(const Operand& operand);
// Whether axis `axis` has stride 1 whatever the sizes.
bool unit_stride(const Operand& operand, int axis);
// Axis 1 padded to more than it is.
bool is_padded(const Operand& operand);
// Equal places in memory for equal coordinates.
bool same_places(const Operand& a, const Operand& b);

// "i0 * P.in0_s0 + i1": the element offset for coordinates written by `coordinate(axis)`; axes with
// an empty coordinate are left out.
std::string offset_code(const Operand& operand, const std::string& name,
                        const std::vector<std::string>& coordinates);
// The strides that offset_code reads, named "<name>_s<axis>".
void add_strides(ParamList& list, const std::string& name, const Operand& closed,
                 const Operand& bound);

// Coordinates of an Expr's input for the output's coordinates o.d[..], numpy-broadcast: empty where
// it is broadcast.
std::vector<std::string> broadcast_coordinates(const Operand& input, size_t output_rank);

}  // namespace tenfold::cuda
