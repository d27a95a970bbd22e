// Which layer reads what, what the network's outputs are, and which layers they need.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/import/caffe/layer.h"
#include "src/import/caffe/net_file.h"
#include "tenfold/import.h"

namespace tenfold::caffe {

// A top of a layer: blobs of one name differ by the layer that made them (layers work in place).
struct Source {
  int layer = -1;  // -1: nothing makes it
  int top = 0;
  auto operator<=>(const Source&) const = default;
};

struct LayerLinks {
  const LayerEntry* entry = nullptr;   // null: unknown type
  bool claimed = false;                // by a hook
  std::vector<std::string> tops;
  std::vector<Source> bottoms;  // those that the import reads; losses read their first only
  bool live = false;  // an output needs it
  std::vector<bool> wanted;  // of data layers, per top: a live layer reads it
  bool is(LayerKind kind) const { return !claimed && entry && entry->kind == kind; }
};

struct NetOutput {
  std::string name;
  Source source;
};

struct Topology {
  std::vector<LayerLinks> layers;
  std::vector<NetOutput> outputs;
  std::map<std::string, Source> last;  // of every blob name, the last maker
};

// Outputs are `wanted` blobs, or else the tops that nobody reads. Problems become errors.
Topology link(const NetFile& net, const std::vector<std::string>& wanted, LayerHooks* hooks,
              Diagnostics& diagnostics);

}  // namespace tenfold::caffe
