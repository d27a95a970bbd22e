#include "src/import/caffe/wire.h"

namespace tenfold::caffe {

static bool read_varint(std::string_view bytes, size_t& at, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool read_field(std::string_view bytes, size_t& at, WireField* field) {
  uint64_t tag = 0, length = 0;
  if (!read_varint(bytes, at, &tag) || (tag >> 3) == 0 || (tag >> 3) > 0x1FFFFFFF) return false;
  field->number = static_cast<int>(tag >> 3);
  field->wire = static_cast<int>(tag & 7);
  field->bytes = {};
  switch (field->wire) {
    case 0: return read_varint(bytes, at, &length);
    case 1: length = 8; break;
    case 2:
      if (!read_varint(bytes, at, &length)) return false;
      break;
    case 5: length = 4; break;
    default: return false;  // groups are no part of the format
  }
  if (length > bytes.size() - at) return false;
  field->bytes = bytes.substr(at, static_cast<size_t>(length));
  at += static_cast<size_t>(length);
  return true;
}

}  // namespace tenfold::caffe
