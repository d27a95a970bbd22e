#include <algorithm>

#include "src/import/caffe/layer.h"
#include "tenfold/import.h"

namespace tenfold {
namespace caffe {

#define CAFFE_LAYER(type) CAFFE_LAYER_IMPORT(type);
#define CAFFE_DATA(type)
#define CAFFE_SINK(type)
#include "src/import/caffe/layers.def"
#undef CAFFE_LAYER
#undef CAFFE_DATA
#undef CAFFE_SINK

namespace {

const LayerEntry kLayers[] = {
#define CAFFE_LAYER(type) {#type, LayerKind::kCompute, &caffe_layer_##type},
#define CAFFE_DATA(type) {#type, LayerKind::kData, nullptr},
#define CAFFE_SINK(type) {#type, LayerKind::kSink, nullptr},
#include "src/import/caffe/layers.def"
#undef CAFFE_LAYER
#undef CAFFE_DATA
#undef CAFFE_SINK
};

}  // namespace

const LayerEntry* find_layer(std::string_view type) {
  for (const LayerEntry& entry : kLayers)
    if (entry.type == type) return &entry;
  return nullptr;
}

}  // namespace caffe

std::vector<std::string> caffe_layer_types() {
  std::vector<std::string> types;
  for (const caffe::LayerEntry& entry : caffe::kLayers) types.emplace_back(entry.type);
  std::sort(types.begin(), types.end());
  return types;
}

}  // namespace tenfold
