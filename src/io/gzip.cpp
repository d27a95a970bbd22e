// The checksums of gzip streams, which libarchive reads past.
#include <algorithm>
#include <climits>
#include <vector>

#include <zlib.h>

#include "src/io/archive.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

struct Inflater {
  z_stream stream{};
  bool open = false;
  Inflater() { open = inflateInit2(&stream, kGzipOnly) == Z_OK; }
  ~Inflater() {
    if (open) inflateEnd(&stream);
  }
};

bool is_gzip(Bytes bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

// The length of the stream at the start of `bytes`; `left` counts down what it may yield.
size_t verify_member(Bytes bytes, const std::string& name, int64_t& left) {
  Inflater inflater;
  if (!inflater.open) throw Error(Code::kResource, name + ": no memory for reading an archive");
  z_stream& s = inflater.stream;
  std::vector<Bytef> block(1 << 16);
  size_t given = 0;
  for (;;) {
    if (s.avail_in == 0 && given < bytes.size()) {
      const size_t n = std::min<size_t>(bytes.size() - given, 1 << 30);
      s.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data() + given));
      s.avail_in = static_cast<uInt>(n);
      given += n;
    }
    s.next_out = block.data();
    s.avail_out = static_cast<uInt>(block.size());
    const int status = inflate(&s, Z_NO_FLUSH);
    left -= static_cast<int64_t>(block.size()) - s.avail_out;
    if (left < 0) throw Error(Code::kResource, name + ": it is packed too tightly to be trusted");
    if (status == Z_STREAM_END) return given - s.avail_in;
    if (status == Z_MEM_ERROR)
      throw Error(Code::kResource, name + ": no memory for reading an archive");
    if (status != Z_OK)
      throw Error(Code::kInvalid, name + ": the archive is damaged: " +
                                      (status == Z_BUF_ERROR ? "it ends too early"
                                       : s.msg               ? s.msg
                                                             : "no valid gzip stream"));
  }
}

}  // namespace

void verify_gzip(Bytes bytes, const std::string& name, int64_t limit) {
  while (is_gzip(bytes)) bytes = bytes.subspan(verify_member(bytes, name, limit));
}

}  // namespace tenfold
