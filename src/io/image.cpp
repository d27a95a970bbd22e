// Pictures: the format found by content.
#include <cstring>
#include <string_view>

#include "src/base/checked.h"
#include "src/base/file.h"
#include "src/io/images.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

bool starts_with(Bytes bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

using Decoder = Tensor (*)(Bytes, const std::string&);

// By the first bytes; null: of no known format.
Decoder decoder_of(Bytes bytes) {
  if (starts_with(bytes, "\xff\xd8\xff")) return decode_jpeg;
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n")) return decode_png;
  if (bytes.size() > 2 && starts_with(bytes, "P") &&
      std::strchr("2356", static_cast<int>(bytes[1])) && bytes[1] != std::byte{0})
    return decode_pnm;
  return nullptr;
}

// The format of pictures that have no decoder here; empty: unknown.
std::string_view other_format(Bytes bytes) {
  constexpr std::string_view kTiff("II*\0", 4), kTiffBig("MM\0*", 4);
  if (starts_with(bytes, "BM")) return "BMP";
  if (starts_with(bytes, "GIF8")) return "GIF";
  if (starts_with(bytes, kTiff) || starts_with(bytes, kTiffBig)) return "TIFF";
  if (starts_with(bytes, "RIFF") && bytes.size() > 12 && starts_with(bytes.subspan(8), "WEBP"))
    return "WebP";
  return {};
}

}  // namespace

void bad_image(const std::string& name, const std::string& reason) {
  throw Error(Code::kInvalid, name + ": " + reason);
}

Tensor new_image(int64_t height, int64_t width, int64_t channels, const std::string& name) {
  if (height < 1 || width < 1) bad_image(name, "the picture is empty");
  if (checked_mul(checked_mul(height, width), channels) > kMaxImageBytes)
    throw Error(Code::kResource, name + ": a picture of " + std::to_string(width) + " x " +
                                     std::to_string(height) + " pixels is over the limit of 1 GiB");
  return Tensor(DType::kU8, {height, width, channels});
}

bool begins_as_image(std::span<const std::byte> bytes) { return decoder_of(bytes) != nullptr; }

Tensor decode_image(std::span<const std::byte> bytes, const std::string& name) {
  if (const Decoder decode = decoder_of(bytes)) return decode(bytes, name);
  constexpr const char* kKnown = "JPEG, PNG, PGM and PPM are: convert it to one of them";
  if (const std::string_view other = other_format(bytes); !other.empty())
    throw Error(Code::kUnsupported, name + ": " + std::string(other) + " pictures are not read",
                {kKnown});
  bad_image(name, "is no picture of a known format (JPEG, PNG, PGM, PPM)");
}

Tensor load_image(const std::string& path) {
  const std::string bytes = read_file(path, kMaxImageBytes);
  return decode_image(std::as_bytes(std::span(bytes)), path);
}

}  // namespace tenfold
