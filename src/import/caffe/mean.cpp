#include "src/import/caffe/mean.h"

#include <fmt/format.h>

#include "src/import/caffe/weights.h"
#include "tenfold/import.h"
#include "tenfold/io.h"

namespace tenfold {
namespace caffe {
namespace {

// Files are about that state wrong dimensions for square pictures: the width and the number of
// values are right. Mends the blob's statement where only one reading is possible.
void mend(BlobProto& blob) {
  if (blob.has_shape()) return;
  const int64_t values = blob.data_size() > 0 ? blob.data_size() : blob.double_data_size();
  const int64_t channels = blob.channels(), height = blob.height(), width = blob.width();
  if (blob.num() <= 0) blob.set_num(1);
  if (channels <= 0 || height <= 0 || width <= 0) return;
  if (static_cast<__int128>(channels) * height * width * blob.num() == values) return;
  if (static_cast<__int128>(channels) * width * width == values) {
    blob.set_num(1);
    blob.set_height(blob.width());
  }
}

}  // namespace

Tensor parse_mean(std::string_view bytes, const std::string& name) {
  BlobProto proto;
  if (bytes.empty() || bytes.size() > static_cast<size_t>(INT32_MAX) ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw Error(Code::kInvalid, fmt::format("{}: no Caffe mean file (a binary BlobProto)", name));
  mend(proto);
  Tensor mean;
  try {
    mean = read_blob(proto).value;
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}: {}", name, e.what()), e.notes());
  }
  if (mean.count() == 0)
    throw Error(Code::kInvalid, fmt::format("{}: the mean file is empty", name));
  Extents dims = mean.dims();
  if (dims.size() == 4 && dims[0] == 1) dims.erase(dims.begin());
  if (dims.size() < 3) dims.insert(dims.begin(), 3 - dims.size(), 1);
  return mean.reshaped(dims);
}

}  // namespace caffe

Tensor read_mean_file(const std::string& path) { return caffe::parse_mean(read_file(path), path); }

}  // namespace tenfold
