// Brings V1 networks (`layers`, types as enumerators) and `input` fields to the present form.
#include <map>

#include <fmt/format.h>

#include "src/import/caffe/net_file.h"

namespace tenfold::caffe {
namespace {

namespace pb = google::protobuf;

const char* v2_type(V1LayerParameter::LayerType type) {
  using L = V1LayerParameter;
  static const std::map<L::LayerType, const char*> names = {
      {L::NONE, ""},
      {L::ABSVAL, "AbsVal"},
      {L::ACCURACY, "Accuracy"},
      {L::ARGMAX, "ArgMax"},
      {L::BNLL, "BNLL"},
      {L::CONCAT, "Concat"},
      {L::CONTRASTIVE_LOSS, "ContrastiveLoss"},
      {L::CONVOLUTION, "Convolution"},
      {L::DATA, "Data"},
      {L::DECONVOLUTION, "Deconvolution"},
      {L::DROPOUT, "Dropout"},
      {L::DUMMY_DATA, "DummyData"},
      {L::ELTWISE, "Eltwise"},
      {L::EUCLIDEAN_LOSS, "EuclideanLoss"},
      {L::EXP, "Exp"},
      {L::FLATTEN, "Flatten"},
      {L::HDF5_DATA, "HDF5Data"},
      {L::HDF5_OUTPUT, "HDF5Output"},
      {L::HINGE_LOSS, "HingeLoss"},
      {L::IM2COL, "Im2col"},
      {L::IMAGE_DATA, "ImageData"},
      {L::INFOGAIN_LOSS, "InfogainLoss"},
      {L::INNER_PRODUCT, "InnerProduct"},
      {L::LRN, "LRN"},
      {L::MEMORY_DATA, "MemoryData"},
      {L::MULTINOMIAL_LOGISTIC_LOSS, "MultinomialLogisticLoss"},
      {L::MVN, "MVN"},
      {L::POOLING, "Pooling"},
      {L::POWER, "Power"},
      {L::RELU, "ReLU"},
      {L::SIGMOID, "Sigmoid"},
      {L::SIGMOID_CROSS_ENTROPY_LOSS, "SigmoidCrossEntropyLoss"},
      {L::SILENCE, "Silence"},
      {L::SLICE, "Slice"},
      {L::SOFTMAX, "Softmax"},
      {L::SOFTMAX_LOSS, "SoftmaxWithLoss"},
      {L::SPLIT, "Split"},
      {L::TANH, "TanH"},
      {L::THRESHOLD, "Threshold"},
      {L::WINDOW_DATA, "WindowData"},
  };
  const auto it = names.find(type);
  return it == names.end() ? "" : it->second;
}

// Every `*_param` of V1 has a namesake of the same message type in V2.
void copy_params(const V1LayerParameter& from, LayerParameter* to) {
  std::vector<const pb::FieldDescriptor*> fields;
  from.GetReflection()->ListFields(from, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const pb::FieldDescriptor* twin = LayerParameter::descriptor()->FindFieldByName(field->name());
    if (!twin || field->is_repeated() || twin->is_repeated() || !field->message_type() ||
        twin->message_type() != field->message_type())
      continue;
    to->GetReflection()->MutableMessage(to, twin)->CopyFrom(
        from.GetReflection()->GetMessage(from, field));
  }
}

void convert(const V1LayerParameter& v1, LayerParameter* layer) {
  layer->set_name(v1.name());
  layer->set_type(v2_type(v1.type()));
  *layer->mutable_bottom() = v1.bottom();
  *layer->mutable_top() = v1.top();
  *layer->mutable_include() = v1.include();
  *layer->mutable_exclude() = v1.exclude();
  *layer->mutable_blobs() = v1.blobs();
  for (const std::string& name : v1.param()) layer->add_param()->set_name(name);
  for (int k = 0; k < v1.blob_share_mode_size() && k < layer->param_size(); ++k)
    if (v1.blob_share_mode(k) == V1LayerParameter::PERMISSIVE)
      layer->mutable_param(k)->set_share_mode(ParamSpec::PERMISSIVE);
  copy_params(v1, layer);
}

// Moves the fields that data layers once had into the transformation that replaced them.
template <typename Param>
void move_transform(Param* param, TransformationParameter* transform) {
  if (param->has_scale()) transform->set_scale(param->scale());
  if (param->has_mean_file()) transform->set_mean_file(param->mean_file());
  if (param->has_crop_size()) transform->set_crop_size(param->crop_size());
  if (param->has_mirror()) transform->set_mirror(param->mirror());
}

}  // namespace

void upgrade_v1(NetFile& net, Diagnostics& diagnostics) {
  if (net.net.layers_size() == 0) return;
  diagnostics.add({Severity::kNote, Code::kOk, net.file, 0, -1, "",
                   "the network is of the old form (`layers`) and was upgraded", ""});
  for (int k = 0; k < net.net.layers_size(); ++k) {
    LayerParameter* layer = net.net.add_layer();
    convert(net.net.layers(k), layer);
    if (const auto type = net.v1_types.find(k); type != net.v1_types.end())
      layer->set_type(type->second);
  }
  net.net.clear_layers();
}

void upgrade_data(NetFile& net) {
  for (LayerParameter& layer : *net.net.mutable_layer()) {
    if (layer.type() == "Data" && layer.has_data_param())
      move_transform(layer.mutable_data_param(), layer.mutable_transform_param());
    if (layer.type() == "ImageData" && layer.has_image_data_param())
      move_transform(layer.mutable_image_data_param(), layer.mutable_transform_param());
    if (layer.type() == "WindowData" && layer.has_window_data_param())
      move_transform(layer.mutable_window_data_param(), layer.mutable_transform_param());
  }
}

void upgrade_inputs(NetFile& net, Diagnostics& diagnostics) {
  const int inputs = net.net.input_size();
  if (inputs == 0) return;
  const int shapes = net.net.input_shape_size(), dims = net.net.input_dim_size();
  auto bad = [&](const std::string& reason) {
    diagnostics.add({Severity::kError, Code::kInvalid, net.file, 0, -1, "", reason,
                     "each input needs one input_shape, or four input_dim"});
  };
  if (shapes > 0 && dims > 0) bad("the network states input_shape and input_dim");
  if (shapes > 0 && shapes != inputs)
    bad(fmt::format("{} inputs, but {} input_shape", inputs, shapes));
  if (shapes == 0 && static_cast<int64_t>(dims) != int64_t{4} * inputs)
    bad(fmt::format("{} inputs, but {} input_dim", inputs, dims));
  LayerParameter layer;
  layer.set_name("input");
  layer.set_type("Input");
  for (int k = 0; k < inputs; ++k) {
    layer.add_top(net.net.input(k));
    BlobShape* shape = layer.mutable_input_param()->add_shape();
    if (k < shapes) {
      *shape = net.net.input_shape(k);
    } else {
      for (int d = 4 * k; d < 4 * k + 4 && d < dims; ++d) shape->add_dim(net.net.input_dim(d));
    }
  }
  pb::RepeatedPtrField<LayerParameter> all;
  all.Add(std::move(layer));
  for (LayerParameter& old : *net.net.mutable_layer()) all.Add(std::move(old));
  net.net.mutable_layer()->Swap(&all);
  net.places.insert(net.places.begin(), LayerPlace{});
  net.net.clear_input();
  net.net.clear_input_dim();
  net.net.clear_input_shape();
}

}  // namespace tenfold::caffe
