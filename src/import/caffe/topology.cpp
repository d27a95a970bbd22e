#include "src/import/caffe/topology.h"

#include <set>

#include <fmt/format.h>

namespace tenfold::caffe {
namespace {

// Losses that become the activation inside them: only their first bottom counts.
bool is_activation_loss(const std::string& type) {
  return type == "SoftmaxWithLoss" || type == "SigmoidCrossEntropyLoss";
}

class Linker {
 public:
  Linker(const NetFile& net, LayerHooks* hooks, Diagnostics& diagnostics)
      : net_(net), hooks_(hooks), diagnostics_(diagnostics) {}

  Topology run(const std::vector<std::string>& wanted) {
    const int count = net_.net.layer_size();
    topology_.layers.resize(static_cast<size_t>(count));
    for (int k = 0; k < count; ++k) add(k);
    if (wanted.empty()) {
      find_outputs();
    } else {
      take_outputs(wanted);
    }
    mark_live();
    return std::move(topology_);
  }

 private:
  LayerLinks& links(int k) { return topology_.layers[static_cast<size_t>(k)]; }

  void add(int k) {
    const LayerParameter& layer = net_.net.layer(k);
    LayerLinks& own = links(k);
    own.entry = find_layer(layer.type());
    const bool data = own.entry && own.entry->kind == LayerKind::kData;
    own.claimed = hooks_ && !data && hooks_->claims(layer.name(), layer.type());
    if (!layer.name().empty() && !names_.insert(layer.name()).second)
      diagnostics_.add(about_layer(net_, k, Severity::kWarning, Code::kOk,
                                   "an earlier layer has the same name"));
    read_bottoms(layer, own);
    own.tops.assign(layer.top().begin(), layer.top().end());
    const bool activation = !own.claimed && is_activation_loss(layer.type());
    // Losses may leave their top out.
    if (activation && own.tops.empty()) own.tops.push_back(layer.name());
    if (own.is(LayerKind::kSink)) return;
    for (size_t t = 0; t < own.tops.size(); ++t) make(k, static_cast<int>(t), layer, own.tops[t]);
    own.wanted.assign(own.tops.size(), false);
  }

  void read_bottoms(const LayerParameter& layer, LayerLinks& own) {
    const bool activation = !own.claimed && is_activation_loss(layer.type());
    const bool sink = own.is(LayerKind::kSink);
    for (int b = 0; b < layer.bottom_size(); ++b) {
      const auto it = topology_.last.find(layer.bottom(b));
      const Source source = it == topology_.last.end() ? Source{} : it->second;
      // What a measure compares with (labels) is no output; what it measures is one.
      const int compared = layer.type() == "ContrastiveLoss" ? 2 : 1;
      const bool measured = sink && b < compared && layer.type() != "Silence";
      if (source.layer >= 0 && !measured) consumed_.insert(source);
      if (!sink && !(activation && b > 0)) own.bottoms.push_back(source);
    }
  }

  void make(int k, int t, const LayerParameter& layer, const std::string& name) {
    const auto it = topology_.last.find(name);
    if (it != topology_.last.end()) {
      bool in_place = false;
      for (const std::string& bottom : layer.bottom()) in_place |= bottom == name;
      if (!in_place) {
        const std::string& other = net_.net.layer(it->second.layer).name();
        layer_error(diagnostics_, net_, k, Code::kInvalid,
                    fmt::format("top '{}' is already made by layer '{}'", name, other),
                    "two layers of one phase cannot make one blob, but in place");
      }
    }
    topology_.last[name] = {k, t};
  }

  void find_outputs() {
    for (int k = 0; k < net_.net.layer_size(); ++k) {
      const LayerLinks& own = links(k);
      if (own.is(LayerKind::kSink) || own.is(LayerKind::kData)) continue;
      for (size_t t = 0; t < own.tops.size(); ++t) {
        const Source source{k, static_cast<int>(t)};
        if (!consumed_.count(source) && topology_.last[own.tops[t]] == source)
          topology_.outputs.push_back({own.tops[t], source});
      }
    }
    if (topology_.outputs.empty())
      diagnostics_.add({Severity::kError, Code::kInvalid, net_.file, 0, -1, "",
                        "the network has no outputs: every top is read by another layer, or all "
                        "layers belong to training",
                        ""});
  }

  // A name is that of a blob, or of a layer with one top.
  void take_outputs(const std::vector<std::string>& wanted) {
    bool all = true;
    std::vector<std::string> names;
    for (const auto& [top, made] : topology_.last) names.push_back(top);
    for (const std::string& name : wanted) {
      const Source source = find_source(name);
      all &= source.layer >= 0;
      if (source.layer >= 0) {
        topology_.outputs.push_back({name, source});
        continue;
      }
      const std::string near = nearest_name(name, names);
      diagnostics_.add({Severity::kError, Code::kNotFound, net_.file, 0, -1, "",
                        fmt::format("no layer makes the output '{}'", name),
                        near.empty() ? "" : fmt::format("did you mean '{}'", near)});
    }
    if (!all) find_outputs();  // so that the rest of the network is looked at too
  }

  Source find_source(const std::string& name) {
    const auto it = topology_.last.find(name);
    if (it != topology_.last.end()) return it->second;
    for (int k = 0; k < net_.net.layer_size(); ++k) {
      if (net_.net.layer(k).name() == name && links(k).tops.size() == 1 &&
          !links(k).is(LayerKind::kSink))
        return {k, 0};
    }
    return {};
  }

  // Bottoms come from earlier layers only, so one pass from the back is enough.
  void mark_live() {
    for (const NetOutput& output : topology_.outputs) want(output.source);
    for (int k = net_.net.layer_size(); k-- > 0;) {
      if (!links(k).live) continue;
      for (const Source& source : links(k).bottoms) want(source);
    }
  }

  void want(const Source& source) {
    if (source.layer < 0) return;
    links(source.layer).live = true;
    links(source.layer).wanted[static_cast<size_t>(source.top)] = true;
  }

  const NetFile& net_;
  LayerHooks* hooks_;
  Diagnostics& diagnostics_;
  Topology topology_;
  std::set<Source> consumed_;
  std::set<std::string> names_;
};

}  // namespace

Topology link(const NetFile& net, const std::vector<std::string>& wanted, LayerHooks* hooks,
              Diagnostics& diagnostics) {
  return Linker(net, hooks, diagnostics).run(wanted);
}

}  // namespace tenfold::caffe
