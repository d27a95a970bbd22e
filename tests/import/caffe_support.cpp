#include "import/caffe_support.h"

#include <google/protobuf/text_format.h>

#include "src/import/caffe/caffe.pb.h"

namespace tenfold::test {

ImportedModel import_text(const std::string& prototxt, ImportOptions options) {
  options.random_weights = true;
  options.raw_input = true;
  return import_model_memory({{"net.prototxt", prototxt}}, options);
}

ImportedModel import_text_with(const std::string& prototxt, const std::string& weights_text,
                               ImportOptions options) {
  options.raw_input = true;
  return import_model_memory(
      {{"net.prototxt", prototxt}, {"net.caffemodel", caffemodel(weights_text)}}, options);
}

std::string caffemodel(const std::string& weights_text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(weights_text, &net));
  return net.SerializeAsString();
}

std::string input(const std::string& dims) {
  std::string text = "layer { name: 'data' type: 'Input' top: 'data' input_param { shape {";
  for (size_t at = 0; at < dims.size();) {
    const size_t end = std::min(dims.find(',', at), dims.size());
    text += " dim: " + dims.substr(at, end - at);
    at = end + 1;
  }
  return text + " } } }\n";
}

std::string layer(const std::string& type, const std::string& body) {
  return "layer { name: 'l' type: '" + type + "' bottom: 'data' top: 'out' " + body + " }\n";
}

std::string conv(const std::string& name, const std::string& bottom, const std::string& extra) {
  return "layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" + name +
         "' convolution_param { num_output: 2 kernel_size: 1 } " + extra + "}\n";
}

std::string relu(const std::string& name, const std::string& blob) {
  return "layer { name: '" + name + "' type: 'ReLU' bottom: '" + blob + "' top: '" + blob + "' }\n";
}

std::string report(const ImportedModel& model) {
  std::string text;
  for (const Diagnostic& d : model.diagnostics.all()) text += d.str() + "\n";
  return text;
}

std::string shape_of(const ImportedModel& model, const std::string& value) {
  const auto it = model.values.find(value);
  return it == model.values.end() ? "" : str(model.graph.type(it->second).shape);
}

const Node& node_of(const ImportedModel& model, const std::string& value) {
  return model.graph.node(model.graph.value(model.values.at(value)).producer);
}

std::string ops(const ImportedModel& model) {
  std::string text;
  for (const NodeId id : model.graph.order())
    text += (text.empty() ? "" : " ") + model.graph.node(id).op;
  return text;
}

bool says(const ImportedModel& model, Severity severity, const std::vector<std::string>& parts) {
  for (const Diagnostic& d : model.diagnostics.all()) {
    bool all = d.severity == severity;
    for (const std::string& part : parts) all &= d.str().find(part) != std::string::npos;
    if (all) return true;
  }
  return false;
}

}  // namespace tenfold::test
