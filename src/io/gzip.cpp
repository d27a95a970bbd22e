#include "src/io/gzip.h"

#include <algorithm>
#include <climits>
#include <vector>

#include <zlib.h>

#include "tenfold/diag.h"

namespace tenfold {

namespace {
constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr size_t kBlock = 1 << 16;
}  // namespace

bool is_gzip(Bytes bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

struct GzipReader::State {
  Bytes rest;  // what zlib has not been given yet
  std::string name;
  int64_t (*allowed)(int64_t consumed) = nullptr;
  int64_t all = 0, yielded = 0;
  z_stream stream{};
  bool open = false;  // inside a stream
  std::vector<Bytef> block = std::vector<Bytef>(kBlock);

  [[noreturn]] void fail(Code code, const std::string& reason) const {
    throw Error(code, name + ": " + reason);
  }

  void start() {
    stream = {};
    if (inflateInit2(&stream, kGzipOnly) != Z_OK)
      fail(Code::kResource, "no memory for reading an archive");
    open = true;
  }

  void finish() {
    if (!open) return;
    rest = {rest.data() - stream.avail_in, rest.size() + stream.avail_in};
    inflateEnd(&stream);
    open = false;
  }

  // Inflates into `block`; the number of bytes it yielded.
  size_t step() {
    if (stream.avail_in == 0) {
      const size_t part = std::min<size_t>(rest.size(), 1 << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest.data()));
      stream.avail_in = static_cast<uInt>(part);
      rest = rest.subspan(part);
    }
    stream.next_out = block.data();
    stream.avail_out = static_cast<uInt>(block.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const size_t n = block.size() - stream.avail_out;
    yielded += static_cast<int64_t>(n);
    const int64_t consumed = all - static_cast<int64_t>(rest.size() + stream.avail_in);
    if (yielded > allowed(consumed))
      fail(Code::kResource, "it is packed too tightly to be trusted");
    if (status == Z_STREAM_END) {
      finish();
    } else if (status == Z_MEM_ERROR) {
      fail(Code::kResource, "no memory for reading an archive");
    } else if (status != Z_OK) {
      fail(Code::kInvalid,
           std::string("the archive is damaged: ") + (status == Z_BUF_ERROR ? "it ends too early"
                                                      : stream.msg          ? stream.msg
                                                                   : "no valid gzip stream"));
    }
    return n;
  }
};

GzipReader::GzipReader(Bytes bytes, std::string name, int64_t (*allowed)(int64_t))
    : state_(std::make_unique<State>()) {
  state_->rest = bytes;
  state_->name = std::move(name);
  state_->allowed = allowed;
  state_->all = static_cast<int64_t>(bytes.size());
}

GzipReader::~GzipReader() { state_->finish(); }

Bytes GzipReader::next() {
  for (;;) {
    if (!state_->open && !is_gzip(state_->rest)) return {};
    if (!state_->open) state_->start();
    if (const size_t n = state_->step())
      return std::as_bytes(std::span<const Bytef>(state_->block.data(), n));
  }
}

}  // namespace tenfold
