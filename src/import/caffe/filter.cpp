// Which layers belong to the TEST phase: include and exclude rules, as Caffe evaluates them.
#include <algorithm>

#include <fmt/format.h>

#include "src/import/caffe/net_file.h"

namespace tenfold::caffe {
namespace {

bool has_stage(const NetState& state, const std::string& stage) {
  return std::find(state.stage().begin(), state.stage().end(), stage) != state.stage().end();
}

// Whether a state meets all conditions of a rule; an empty rule is met by all.
bool meets(const NetState& state, const NetStateRule& rule) {
  if (rule.has_phase() && rule.phase() != state.phase()) return false;
  if (rule.has_min_level() && state.level() < rule.min_level()) return false;
  if (rule.has_max_level() && state.level() > rule.max_level()) return false;
  for (const std::string& stage : rule.stage())
    if (!has_stage(state, stage)) return false;
  for (const std::string& stage : rule.not_stage())
    if (has_stage(state, stage)) return false;
  return true;
}

template <typename Rules>
bool meets_any(const NetState& state, const Rules& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const NetStateRule& rule) { return meets(state, rule); });
}

}  // namespace

void keep_test_phase(NetFile& net, Diagnostics& diagnostics) {
  NetState state = net.net.state();
  state.set_phase(TEST);
  google::protobuf::RepeatedPtrField<LayerParameter> kept;
  std::vector<LayerPlace> places;
  for (int k = 0; k < net.net.layer_size(); ++k) {
    LayerParameter* layer = net.net.mutable_layer(k);
    if (layer->include_size() > 0 && layer->exclude_size() > 0) {
      layer_error(diagnostics, net, k, Code::kInvalid,
                  "the layer has include rules and exclude rules", "state one kind only");
    }
    const bool in = layer->include_size() > 0 ? meets_any(state, layer->include())
                                              : !meets_any(state, layer->exclude());
    if (!in) {
      net.left_out.insert(layer->top().begin(), layer->top().end());
      continue;
    }
    kept.Add(std::move(*layer));
    places.push_back(net.places[static_cast<size_t>(k)]);
  }
  net.net.mutable_layer()->Swap(&kept);
  net.places = std::move(places);
}

}  // namespace tenfold::caffe
