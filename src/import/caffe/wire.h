// The top level of a message in protobuf's binary form, field by field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenfold::caffe {

struct WireField {
  int number = 0;
  int wire = 0;            // protobuf's wire type
  std::string_view bytes;  // of length-delimited fields
};

// NetParameter's fields of layers.
inline constexpr int kLayerField = 100, kV1LayerField = 2;

// Reads the field at `at` and moves behind it; false when the bytes are no field.
bool read_field(std::string_view bytes, size_t& at, WireField* field);

}  // namespace tenfold::caffe
