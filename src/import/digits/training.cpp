#include "src/import/digits/training.h"

#include <algorithm>

#include "src/import/caffe/net.h"

namespace tenfold::digits {
namespace {

bool of_training(const caffe::LayerParameter& layer) {
  for (const caffe::NetStateRule& rule : layer.include())
    if (rule.has_phase() && rule.phase() == caffe::TRAIN) return true;
  for (const caffe::NetStateRule& rule : layer.exclude())
    if (rule.has_phase() && rule.phase() == caffe::TEST) return true;
  return false;
}

}  // namespace

void read_training(const ModelFile& file, const std::set<std::string>& inputs, PictureFacts& facts,
                   Diagnostics& diagnostics) {
  Diagnostics own;
  const std::optional<caffe::NetFile> net = caffe::read_phases(file.bytes(), file.shown(), own);
  if (!net || own.error_count() > 0) {
    std::string why;
    for (const Diagnostic& d : own.all())
      if (d.severity == Severity::kError && why.empty()) why = d.str();
    diagnostics.add({Severity::kWarning, Code::kOk, file.shown(), 0, -1, "",
                     "is not used, so nothing is known about the training's pictures", why});
    return;
  }
  const auto fitness = [&](const caffe::LayerParameter& layer) {
    const bool is_read = std::any_of(layer.top().begin(), layer.top().end(),
                                     [&](const std::string& top) { return inputs.count(top) > 0; });
    return 4 * is_read + 2 * !of_training(layer) + layer.has_transform_param();
  };
  const caffe::LayerParameter* data = nullptr;
  for (const caffe::LayerParameter& layer : net->net.layer()) {
    const caffe::LayerEntry* entry = caffe::find_layer(layer.type());
    if (!entry || entry->kind != caffe::LayerKind::kData || layer.type() == "Input") continue;
    if (!data || fitness(layer) > fitness(*data)) data = &layer;
  }
  if (!data) return;
  const caffe::TransformationParameter& t = data->transform_param();
  facts.trained_with = true;
  facts.trained_name = file.shown();
  facts.subtracts_file = t.has_mean_file();
  facts.mean_values.assign(t.mean_value().begin(), t.mean_value().end());
  facts.scale = t.scale();
}

}  // namespace tenfold::digits
