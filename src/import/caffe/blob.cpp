#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <sys/mman.h>

#include "src/import/caffe/weights.h"

namespace tenfold::caffe {
namespace {

// No single parameter of a network comes near this.
constexpr int64_t kMaxElements = int64_t{1} << 31;

int64_t checked_count(const Extents& dims) {
  const int64_t count = element_count(dims);
  if (count > kMaxElements) {
    throw Error(Code::kResource,
                fmt::format("a parameter of {} elements exceeds the limit of 2^31", count));
  }
  return count;
}

Extents stated_dims(const BlobProto& proto, bool* legacy) {
  *legacy = !proto.has_shape() &&
            (proto.has_num() || proto.has_channels() || proto.has_height() || proto.has_width());
  Extents dims;
  if (*legacy) {
    dims = {proto.num(), proto.channels(), proto.height(), proto.width()};
  } else {
    if (proto.shape().dim_size() > 32)
      throw Error(Code::kInvalid, fmt::format("a blob has {} axes", proto.shape().dim_size()));
    dims.assign(proto.shape().dim().begin(), proto.shape().dim().end());
  }
  for (const int64_t d : dims)
    if (d < 0) throw Error(Code::kInvalid, fmt::format("a blob has the negative dimension {}", d));
  return dims;
}

int64_t stored_values(const BlobProto& proto) {
  if (proto.data_size() > 0) return proto.data_size();
  if (proto.double_data_size() > 0) return proto.double_data_size();
  if (!proto.has_raw_data()) return 0;
  const auto bytes = static_cast<int64_t>(proto.raw_data().size());
  switch (proto.raw_data_type()) {
    case DOUBLE: return bytes % 8 ? -1 : bytes / 8;
    case FLOAT: return bytes % 4 ? -1 : bytes / 4;
    case FLOAT16: return bytes % 2 ? -1 : bytes / 2;
    default: throw Error(Code::kUnsupported, "a blob stores integers");
  }
}

void copy_values(const BlobProto& proto, Tensor& to) {
  std::span<float> out = to.as_mutable<float>();
  if (proto.data_size() > 0) {
    std::memcpy(out.data(), proto.data().data(), out.size_bytes());
  } else if (proto.double_data_size() > 0) {
    for (size_t k = 0; k < out.size(); ++k)
      out[k] = static_cast<float>(proto.double_data(static_cast<int>(k)));
  } else {
    const DType type = proto.raw_data_type() == DOUBLE  ? DType::kF64
                       : proto.raw_data_type() == FLOAT ? DType::kF32
                                                        : DType::kF16;
    for (size_t k = 0; k < out.size(); ++k)
      out[k] =
          static_cast<float>(load_element(type, proto.raw_data().data(), static_cast<int64_t>(k)));
  }
}

// xorshift64*: quality hardly matters here, speed does.
struct Random {
  uint64_t state;
  double next() {  // uniform in [-1, 1)
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<double>((state * 0x2545F4914F6CDD1DULL) >> 11) * 0x1p-52 - 1.0;
  }
};

}  // namespace

Blob read_blob(const BlobProto& proto) {
  Blob blob;
  Extents dims = stated_dims(proto, &blob.legacy);
  const int64_t count = checked_count(dims);
  const int64_t values = stored_values(proto);
  if (values != count && blob.legacy && dims[0] == 0) {
    // Some mean files state num = 0 and hold one image, or lack an axis; the caller sees what is
    // there.
    Extents rest = {1, dims[1], dims[2], dims[3]};
    if (checked_count(rest) == values) dims = rest;
  }
  if (checked_count(dims) != values) {
    throw Error(Code::kInvalid,
                fmt::format("a blob of shape [{}] holds {} values", fmt::join(dims, ","),
                            values < 0 ? "partial" : std::to_string(values)));
  }
  blob.value = Tensor(DType::kF32, dims);
  if (values > 0) copy_values(proto, blob.value);
  return blob;
}

Extents without_ones(const Extents& dims) {
  Extents out;
  for (const int64_t d : dims)
    if (d != 1) out.push_back(d);
  return out;
}

bool fits(const Blob& blob, const Extents& dims) {
  return without_ones(blob.value.dims()) == without_ones(dims);
}

Tensor random_blob(const Extents& dims, Fill fill, int64_t fan_in, uint64_t seed) {
  checked_count(dims);
  Tensor tensor(DType::kF32, dims);
  Random random{seed * 0x9E3779B97F4A7C15ULL | 1};
  for (int k = 0; k < 8; ++k) random.next();
  double center = 0, spread = 0;
  switch (fill) {
    case Fill::kWeight:
      spread = std::sqrt(6.0 / static_cast<double>(std::max<int64_t>(fan_in, 1)));
      break;
    case Fill::kBias: spread = 0.1; break;
    case Fill::kGain: center = 1, spread = 0.2; break;
    case Fill::kMean: spread = 0.1; break;
    case Fill::kVariance: center = 1, spread = 0.3; break;
    case Fill::kOne: center = 1; break;
    case Fill::kSlope: center = 0.25, spread = 0.1; break;
  }
  for (float& v : tensor.as_mutable<float>())
    v = static_cast<float>(center + spread * random.next());
  return tensor;
}

Tensor placeholder(const Extents& dims) {
  const auto bytes =
      static_cast<size_t>(std::max<int64_t>(bytes_for(DType::kF32, checked_count(dims)), 64));
  void* memory =
      mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw Error(Code::kResource, "no address space for a placeholder");
  std::shared_ptr<const void> owner(
      memory, [bytes](const void* p) { munmap(const_cast<void*>(p), bytes); });
  return Tensor::wrap(DType::kF32, dims, memory, std::move(owner));
}

}  // namespace tenfold::caffe
