// PGM and PPM, binary (P5, P6) and plain (P2, P3), with up to 16 bits a sample.
#include "src/io/images.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

class Reader {
 public:
  Reader(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  // A decimal number after spaces and comments.
  int64_t number(int64_t most) {
    skip_space();
    if (at_ >= bytes_.size() || !digit()) bad_image(name_, "damaged PNM: expected a number");
    int64_t value = 0;
    for (; at_ < bytes_.size() && digit(); ++at_) {
      value = value * 10 + (static_cast<int>(bytes_[at_]) - '0');
      if (value > most) bad_image(name_, "damaged PNM: a number is too large");
    }
    return value;
  }
  void skip(size_t count) { at_ += count; }
  Bytes rest() const { return at_ < bytes_.size() ? bytes_.subspan(at_) : Bytes(); }

 private:
  bool digit() const { return bytes_[at_] >= std::byte{'0'} && bytes_[at_] <= std::byte{'9'}; }
  void skip_space() {
    for (bool comment = false; at_ < bytes_.size(); ++at_) {
      const char c = static_cast<char>(bytes_[at_]);
      if (c == '#')
        comment = true;
      else if (c == '\n')
        comment = false;
      else if (!comment && c != ' ' && c != '\t' && c != '\r' && c != '\v' && c != '\f')
        return;
    }
  }
  Bytes bytes_;
  const std::string& name_;
  size_t at_ = 0;
};

}  // namespace

Tensor decode_pnm(Bytes bytes, const std::string& name) {
  const char kind = static_cast<char>(bytes[1]);
  const bool plain = kind == '2' || kind == '3';
  Reader reader(bytes, name);
  reader.skip(2);
  const int64_t width = reader.number(1 << 24), height = reader.number(1 << 24);
  const int64_t most = reader.number(65535);
  if (most < 1) bad_image(name, "damaged PNM: the largest value is 0");
  const int64_t channels = kind == '3' || kind == '6' ? 3 : 1;
  const int64_t count = width * height * channels, sample = plain || most > 255 ? 2 : 1;
  if (!plain) reader.skip(1);  // the one space behind the header
  // A plain sample takes a digit and a space, a binary one `sample` bytes.
  if (static_cast<int64_t>(reader.rest().size()) + 1 < count * sample)
    bad_image(name, "damaged PNM: ends too early");
  Tensor image = new_image(height, width, channels, name);
  const Bytes data = reader.rest();
  if (!plain && static_cast<int64_t>(data.size()) < count * sample)
    bad_image(name, "damaged PNM: ends too early");
  auto* out = static_cast<uint8_t*>(image.mutable_data());
  for (int64_t k = 0; k < count; ++k) {
    int64_t value = 0;
    const auto at = static_cast<size_t>(k * sample);
    if (plain)
      value = reader.number(most);
    else if (sample == 2)
      value = static_cast<int>(data[at]) * 256 + static_cast<int>(data[at + 1]);
    else
      value = static_cast<int>(data[at]);
    if (value > most) value = most;
    out[k] = static_cast<uint8_t>(most == 255 ? value : (value * 255 + most / 2) / most);
  }
  return image;
}

}  // namespace tenfold
