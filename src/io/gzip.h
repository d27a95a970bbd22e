// Gzip streams, inflated a block at a time with their checksums verified (which libarchive reads
// past).
#pragma once

#include <memory>
#include <string>

#include "src/io/images.h"

namespace tenfold {

bool is_gzip(Bytes bytes);

// Reads the gzip streams at the start of `bytes`, one after another; what follows them is ignored.
class GzipReader {
 public:
  // `allowed(consumed)`: bytes that it may yield in all once it has read so many. `name` appears in
  // messages.
  GzipReader(Bytes bytes, std::string name, int64_t (*allowed)(int64_t consumed));
  ~GzipReader();
  // The next block, valid until the next call; empty: the end, every checksum was right.
  // Error{kInvalid} when damaged, {kResource} beyond the limit.
  Bytes next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenfold
