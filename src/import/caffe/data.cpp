#include "src/import/caffe/data.h"

#include <algorithm>

#include <fmt/format.h>

namespace tenfold::caffe {
namespace {

// Larger inputs are no networks but damaged files.
constexpr int64_t kMaxDim = int64_t{1} << 31;

void check_dims(const Extents& dims) {
  if (dims.size() > 32) LayerContext::invalid(fmt::format("an input of {} axes", dims.size()));
  for (size_t k = 0; k < dims.size(); ++k) {
    if (dims[k] < 0 || dims[k] > kMaxDim || (dims[k] == 0 && k > 0))
      LayerContext::invalid(fmt::format("dimension {} of the input is {}", k, dims[k]));
  }
  element_count(dims);
}

Extents dims_of(const BlobShape& shape) {
  Extents dims(shape.dim().begin(), shape.dim().end());
  check_dims(dims);
  return dims;
}

const BlobShape& one_of(const google::protobuf::RepeatedPtrField<BlobShape>& shapes, int top,
                        const char* what) {
  if (shapes.empty()) LayerContext::invalid(fmt::format("{} states no shape", what));
  if (shapes.size() == 1) return shapes[0];
  if (top >= shapes.size())
    LayerContext::invalid(
        fmt::format("{} states {} shapes, top {} has none", what, shapes.size(), top));
  return shapes[top];
}

Extents dummy_shape(const DummyDataParameter& p, int top) {
  if (p.shape_size() > 0) return dims_of(one_of(p.shape(), top, "dummy_data_param"));
  auto pick = [&](const google::protobuf::RepeatedField<uint32_t>& values) -> int64_t {
    if (values.empty()) LayerContext::invalid("dummy_data_param states no shape");
    return values.size() == 1 ? values[0] : top < values.size() ? values[top] : 0;
  };
  const Extents dims = {pick(p.num()), pick(p.channels()), pick(p.height()), pick(p.width())};
  check_dims(dims);
  return dims;
}

int64_t channels_of(const TransformationParameter& t, const ImageHint& hint, int64_t fallback) {
  if (t.force_color()) return 3;
  if (t.force_gray()) return 1;
  if (t.mean_value_size() > 1) return t.mean_value_size();
  return hint.channels > 0 ? hint.channels : fallback;
}

// The file is sound, but what it lacks has to come from elsewhere.
[[noreturn]] void shape_unknown(const LayerParameter& layer, int top, const char* example) {
  const std::string name = top < layer.top_size() ? layer.top(top) : layer.name();
  LayerContext::unsupported(
      fmt::format("the {} layer does not tell the shape of '{}'", layer.type(), name),
      fmt::format("state it: --shape {}={}; or give the deploy prototxt", name, example));
}

// Pictures from a database or a list: the file tells at most the crop.
Extents picture_shape(const LayerParameter& layer, int64_t batch, int64_t height, int64_t width,
                      int64_t channels, const ImageHint& hint) {
  const int64_t crop = layer.transform_param().crop_size();
  if (crop > 0) height = width = crop;
  if (height <= 0 || width <= 0) height = hint.height, width = hint.width;
  if (height <= 0 || width <= 0 || channels <= 0) shape_unknown(layer, 0, "1,3,224,224");
  return {std::max<int64_t>(batch, 1), channels, height, width};
}

int64_t batch_of(const LayerParameter& layer) {
  const std::string& type = layer.type();
  if (type == "MemoryData") return layer.memory_data_param().batch_size();
  if (type == "ImageData") return layer.image_data_param().batch_size();
  if (type == "WindowData") return layer.window_data_param().batch_size();
  return layer.data_param().batch_size();
}

// Channels that the first convolution reading the blob was trained for; 0: unknown.
int64_t trained_channels(const NetFile& net, const Topology& topology, const Weights& weights,
                         Source source) {
  for (int k = 0; k < net.net.layer_size(); ++k) {
    const LayerLinks& links = topology.layers[static_cast<size_t>(k)];
    const LayerParameter& layer = net.net.layer(k);
    if (std::find(links.bottoms.begin(), links.bottoms.end(), source) == links.bottoms.end())
      continue;
    const TrainedBlobs* trained = weights.find(layer.name());
    if (layer.type() != "Convolution" || !trained || trained->blobs.empty()) continue;
    const Extents& dims = trained->blobs[0].value.dims();
    if (dims.size() == 4) return dims[1] * std::max<int64_t>(layer.convolution_param().group(), 1);
  }
  return 0;
}

// The shape that the user states for a blob, checked; null: none.
const Extents* stated_shape(const std::string& name, const ImageHint& hint) {
  if (!hint.stated) return nullptr;
  const auto it = hint.stated->find(name);
  if (it == hint.stated->end()) return nullptr;
  check_dims(it->second);
  return &it->second;
}

}  // namespace

Extents data_shape(const LayerParameter& layer, int top, const ImageHint& hint) {
  const std::string& type = layer.type();
  const TransformationParameter& transform = layer.transform_param();
  if (type == "Input") {
    if (layer.input_param().shape().empty()) shape_unknown(layer, top, "1,3,224,224");
    return dims_of(one_of(layer.input_param().shape(), top, "input_param"));
  }
  if (type == "DummyData") return dummy_shape(layer.dummy_data_param(), top);
  if (type == "HDF5Data" || type == "AnnotatedData") shape_unknown(layer, top, "1,3,224,224");
  const int64_t batch = batch_of(layer);
  if (top > 0) return {batch};  // labels
  Extents dims;
  if (type == "MemoryData") {
    const MemoryDataParameter& p = layer.memory_data_param();
    dims = {batch, p.channels(), p.height(), p.width()};
  } else if (type == "ImageData") {
    const ImageDataParameter& p = layer.image_data_param();
    dims = picture_shape(layer, batch, p.new_height(), p.new_width(), p.is_color() ? 3 : 1, hint);
  } else if (type == "WindowData") {
    dims = picture_shape(layer, batch, 0, 0, 3, hint);
  } else {
    dims = picture_shape(layer, batch, 0, 0, channels_of(transform, hint, 0), hint);
  }
  for (const int64_t d : dims)
    if (d <= 0) LayerContext::invalid(fmt::format("the {} layer states a dimension of 0", type));
  return dims;
}

Extents resolve_data_shape(const NetFile& net, const Topology& topology, const Weights& weights,
                           ImageHint hint, Source source, bool* assumed) {
  const LayerParameter& layer = net.net.layer(source.layer);
  if (assumed) *assumed = false;
  if (const Extents* dims = stated_shape(layer.top(source.top), hint)) return *dims;
  if (hint.channels == 0) hint.channels = trained_channels(net, topology, weights, source);
  if (hint.channels > 0 || weights.present()) return data_shape(layer, source.top, hint);
  try {
    return data_shape(layer, source.top, hint);
  } catch (const Error&) {
    hint.channels = 3;
    Extents dims = data_shape(layer, source.top, hint);
    if (assumed) *assumed = true;
    return dims;
  }
}

}  // namespace tenfold::caffe
