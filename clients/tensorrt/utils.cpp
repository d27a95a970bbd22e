// NvUtils.h, the plugin registry and the start of the plugin library.
#include <cstring>
#include <map>
#include <mutex>
#include <tuple>

#include "NvInferPlugin.h"
#include "NvUtils.h"
#include "log.h"
#include "start.h"
#include "tensor.h"

namespace tenfold::trt {
namespace {

size_t size_of(DataType type) { return static_cast<size_t>(bits_of(to_dtype(type))) / 8; }

class Registry final : public nvinfer1::IPluginRegistry {
 public:
  bool registerCreator(nvinfer1::IPluginCreator& creator, const char* ns) override {
    std::lock_guard<std::mutex> lock(mutex_);
    const Key key(text(creator.getPluginName()), text(creator.getPluginVersion()), text(ns));
    if (!by_name_.emplace(key, &creator).second) return false;
    list_.push_back(&creator);
    return true;
  }
  nvinfer1::IPluginCreator* const* getPluginCreatorList(int* count) const override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (count) *count = static_cast<int>(list_.size());
    return list_.data();
  }
  nvinfer1::IPluginCreator* getPluginCreator(const char* type, const char* version,
                                             const char* ns) override {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = by_name_.find(Key(text(type), text(version), text(ns)));
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;
  mutable std::mutex mutex_;
  std::map<Key, nvinfer1::IPluginCreator*> by_name_;
  std::vector<nvinfer1::IPluginCreator*> list_;
};

// Copies a row-major array of `bytes`-byte elements so that output axis k is input axis order[k].
void permute(const char* in, char* out, const Extents& shape, const std::vector<int>& order,
             size_t bytes) {
  const size_t rank = shape.size();
  Extents strides(rank, 1), index(rank, 0);
  for (size_t k = rank; k-- > 1;) strides[k - 1] = strides[k] * shape[k];
  const int64_t count = element_count(shape);
  for (int64_t n = 0; n < count; ++n) {
    int64_t from = 0;
    for (size_t k = 0; k < rank; ++k) from += index[k] * strides[static_cast<size_t>(order[k])];
    std::memcpy(out + static_cast<size_t>(n) * bytes, in + static_cast<size_t>(from) * bytes,
                bytes);
    for (size_t k = rank; k-- > 0;) {
      if (++index[k] < shape[static_cast<size_t>(order[k])]) break;
      index[k] = 0;
    }
  }
}

}  // namespace
}  // namespace tenfold::trt

namespace nvinfer1 {
namespace utils {

using namespace tenfold::trt;

bool reshapeWeights(const Weights& input, const int* shape, const int* order, void* data,
                    int nb_dims) {
  return guarded(last_log(), "reshapeWeights", false, [&] {
    if (!input.values || !shape || !order || !data || nb_dims < 1 || nb_dims > Dims::MAX_DIMS)
      throw tenfold::Error(tenfold::Code::kInvalid, "an argument is missing");
    tenfold::Extents extents(shape, shape + nb_dims);
    std::vector<int> perm(order, order + nb_dims);
    std::vector<bool> seen(static_cast<size_t>(nb_dims), false);
    for (const int axis : perm) {
      if (axis < 0 || axis >= nb_dims || seen[static_cast<size_t>(axis)])
        throw tenfold::Error(tenfold::Code::kInvalid, "the order is no permutation");
      seen[static_cast<size_t>(axis)] = true;
    }
    if (tenfold::element_count(extents) != input.count)
      throw tenfold::Error(tenfold::Code::kInvalid, "the shape does not fit the weights");
    permute(static_cast<const char*>(input.values), static_cast<char*>(data), extents, perm,
            size_of(input.type));
    return true;
  });
}

bool reorderSubBuffers(void* input, const int* order, int num, int size) {
  return guarded(last_log(), "reorderSubBuffers", false, [&] {
    if (!input || !order || num < 0 || size < 0)
      throw tenfold::Error(tenfold::Code::kInvalid, "an argument is missing");
    const size_t bytes = static_cast<size_t>(size);
    std::vector<char> copy(static_cast<size_t>(num) * bytes);
    for (int k = 0; k < num; ++k) {
      if (order[k] < 0 || order[k] >= num)
        throw tenfold::Error(tenfold::Code::kInvalid, "the order is no permutation");
      std::memcpy(copy.data() + static_cast<size_t>(k) * bytes,
                  static_cast<char*>(input) + static_cast<size_t>(order[k]) * bytes, bytes);
    }
    std::memcpy(input, copy.data(), copy.size());
    return true;
  });
}

bool transposeSubBuffers(void* input, DataType type, int num, int height, int width) {
  return guarded(last_log(), "transposeSubBuffers", false, [&] {
    if (!input || num < 0 || height < 0 || width < 0)
      throw tenfold::Error(tenfold::Code::kInvalid, "an argument is missing");
    const size_t bytes = size_of(type);
    const tenfold::Extents shape = {num, height, width};
    std::vector<char> copy(static_cast<size_t>(tenfold::element_count(shape)) * bytes);
    permute(static_cast<const char*>(input), copy.data(), shape, {0, 2, 1}, bytes);
    std::memcpy(input, copy.data(), copy.size());
    return true;
  });
}

}  // namespace utils
}  // namespace nvinfer1

extern "C" nvinfer1::IPluginRegistry* getPluginRegistry() {
  static tenfold::trt::Registry* const kRegistry = new tenfold::trt::Registry;
  return kRegistry;
}

extern "C" bool initLibNvInferPlugins(void* logger, const char*) {
  tenfold::trt::start(logger);
  return true;
}
