// Brings V0 networks (`layers { layer { ... } bottom top }`, types as lower-case words) to V1.
#include <map>

#include <fmt/format.h>

#include "src/import/caffe/net_file.h"

namespace tenfold::caffe {
namespace {

using L = V1LayerParameter;

L::LayerType v1_type(const std::string& word) {
  static const std::map<std::string, L::LayerType> types = {
      {"accuracy", L::ACCURACY},
      {"bnll", L::BNLL},
      {"concat", L::CONCAT},
      {"conv", L::CONVOLUTION},
      {"data", L::DATA},
      {"dropout", L::DROPOUT},
      {"euclidean_loss", L::EUCLIDEAN_LOSS},
      {"flatten", L::FLATTEN},
      {"hdf5_data", L::HDF5_DATA},
      {"hdf5_output", L::HDF5_OUTPUT},
      {"im2col", L::IM2COL},
      {"images", L::IMAGE_DATA},
      {"infogain_loss", L::INFOGAIN_LOSS},
      {"innerproduct", L::INNER_PRODUCT},
      {"lrn", L::LRN},
      {"multinomial_logistic_loss", L::MULTINOMIAL_LOGISTIC_LOSS},
      {"pool", L::POOLING},
      {"relu", L::RELU},
      {"sigmoid", L::SIGMOID},
      {"softmax", L::SOFTMAX},
      {"softmax_loss", L::SOFTMAX_LOSS},
      {"split", L::SPLIT},
      {"tanh", L::TANH},
      {"window_data", L::WINDOW_DATA},
  };
  const auto it = types.find(word);
  return it == types.end() ? L::NONE : it->second;
}

void convert_data(const V0LayerParameter& v0, L* v1) {
  TransformationParameter* transform = v1->mutable_transform_param();
  if (v0.has_scale()) transform->set_scale(v0.scale());
  if (v0.has_meanfile()) transform->set_mean_file(v0.meanfile());
  if (v0.has_cropsize()) transform->set_crop_size(v0.cropsize());
  if (v0.has_mirror()) transform->set_mirror(v0.mirror());
  if (v1->type() == L::DATA) {
    v1->mutable_data_param()->set_source(v0.source());
    if (v0.has_batchsize()) v1->mutable_data_param()->set_batch_size(v0.batchsize());
  } else if (v1->type() == L::HDF5_DATA) {
    v1->mutable_hdf5_data_param()->set_source(v0.source());
    if (v0.has_batchsize()) v1->mutable_hdf5_data_param()->set_batch_size(v0.batchsize());
  } else if (v1->type() == L::WINDOW_DATA) {
    v1->mutable_window_data_param()->set_source(v0.source());
    if (v0.has_batchsize()) v1->mutable_window_data_param()->set_batch_size(v0.batchsize());
  } else {
    ImageDataParameter* images = v1->mutable_image_data_param();
    images->set_source(v0.source());
    if (v0.has_batchsize()) images->set_batch_size(v0.batchsize());
    if (v0.has_new_height()) images->set_new_height(static_cast<uint32_t>(v0.new_height()));
    if (v0.has_new_width()) images->set_new_width(static_cast<uint32_t>(v0.new_width()));
  }
}

void convert_convolution(const V0LayerParameter& v0, ConvolutionParameter* conv, uint32_t padding) {
  if (v0.has_num_output()) conv->set_num_output(v0.num_output());
  if (v0.has_biasterm()) conv->set_bias_term(v0.biasterm());
  if (v0.has_kernelsize()) conv->add_kernel_size(v0.kernelsize());
  if (v0.has_group()) conv->set_group(v0.group());
  if (v0.has_stride()) conv->add_stride(v0.stride());
  if (v0.has_pad() || padding > 0) conv->add_pad(padding > 0 ? padding : v0.pad());
}

void convert_params(const V0LayerParameter& v0, L* v1, uint32_t padding) {
  switch (v1->type()) {
    case L::CONVOLUTION: convert_convolution(v0, v1->mutable_convolution_param(), padding); break;
    case L::INNER_PRODUCT:
      if (v0.has_num_output()) v1->mutable_inner_product_param()->set_num_output(v0.num_output());
      if (v0.has_biasterm()) v1->mutable_inner_product_param()->set_bias_term(v0.biasterm());
      break;
    case L::POOLING:
      v1->mutable_pooling_param()->set_pool(static_cast<PoolingParameter::PoolMethod>(v0.pool()));
      if (v0.has_kernelsize()) v1->mutable_pooling_param()->set_kernel_size(v0.kernelsize());
      if (v0.has_stride()) v1->mutable_pooling_param()->set_stride(v0.stride());
      if (v0.has_pad() || padding > 0)
        v1->mutable_pooling_param()->set_pad(padding > 0 ? padding : v0.pad());
      break;
    case L::LRN:
      if (v0.has_local_size()) v1->mutable_lrn_param()->set_local_size(v0.local_size());
      if (v0.has_alpha()) v1->mutable_lrn_param()->set_alpha(v0.alpha());
      if (v0.has_beta()) v1->mutable_lrn_param()->set_beta(v0.beta());
      if (v0.has_k()) v1->mutable_lrn_param()->set_k(v0.k());
      break;
    case L::CONCAT:
      if (v0.has_concat_dim()) v1->mutable_concat_param()->set_concat_dim(v0.concat_dim());
      break;
    case L::DATA:
    case L::IMAGE_DATA:
    case L::WINDOW_DATA:
    case L::HDF5_DATA: convert_data(v0, v1); break;
    default: break;
  }
}

}  // namespace

void upgrade_v0(NetFile& net, Diagnostics& diagnostics) {
  const auto& layers = net.net.layers();
  bool any = false;
  for (const L& layer : layers) any |= layer.has_layer();
  if (!any) return;
  google::protobuf::RepeatedPtrField<L> out;
  std::vector<LayerPlace> places;
  // Layers of type "padding" fold into the layers that read them: blob -> (its source, amount).
  std::map<std::string, std::pair<std::string, uint32_t>> padded;
  for (int k = 0; k < layers.size(); ++k) {
    const L& old = layers[k];
    const V0LayerParameter& v0 = old.layer();
    if (v0.type() == "padding" && old.bottom_size() == 1 && old.top_size() == 1) {
      padded[old.top(0)] = {old.bottom(0), v0.pad()};
      continue;
    }
    L* layer = out.Add();
    places.push_back(net.places[static_cast<size_t>(k)]);
    if (!old.has_layer()) {
      *layer = old;
      continue;
    }
    layer->set_name(v0.name());
    *layer->mutable_bottom() = old.bottom();
    *layer->mutable_top() = old.top();
    *layer->mutable_blobs() = v0.blobs();
    layer->set_type(v1_type(v0.type()));
    if (layer->type() == L::NONE) {
      diagnostics.add({Severity::kError, Code::kUnsupported, net.file, places.back().line,
                       places.back().offset, v0.name(),
                       fmt::format("unknown layer type '{}' of the oldest form", v0.type()), ""});
    }
    uint32_t padding = 0;
    for (std::string& bottom : *layer->mutable_bottom()) {
      const auto it = padded.find(bottom);
      if (it == padded.end()) continue;
      bottom = it->second.first;
      padding = it->second.second;
    }
    convert_params(v0, layer, padding);
  }
  net.net.mutable_layers()->Swap(&out);
  net.places = std::move(places);
}

}  // namespace tenfold::caffe
