// A parsed network and its weights become nodes of a Graph.
#pragma once

#include <set>

#include "src/import/caffe/data.h"
#include "src/import/picture.h"

namespace tenfold::caffe {

struct NetOptions {
  LayerHooks* hooks = nullptr;
  bool random_weights = false;
  bool weights_lost = false;  // reported already: layers that lack theirs are no further problem
  std::vector<std::string> outputs;        // empty: the network's own
  int64_t batch_max = 64;
  ImageHint hint;
  const PictureInput* picture = nullptr;   // the first input of four axes becomes a u8 picture
};

struct NetResult {
  std::map<std::string, ValueId> values;                    // every top -> last producer
  std::vector<std::pair<std::string, ValueId>> outputs;     // name, value
  std::vector<Tensor> borrowed;                             // weights that hooks were shown
  std::string picture_input;                                // the picture's blob; empty: none
};

// Adds the network to `builder`. Goes on behind every problem, so that `diagnostics` lists them
// all; the result is complete only if none is an error.
NetResult import_net(GraphBuilder& builder, const NetFile& net, Weights& weights,
                     const NetOptions& options, Diagnostics& diagnostics);

// Names of the data layers' blobs that the network's outputs need.
std::set<std::string> inputs_read(const NetFile& net, const NetOptions& options);
// Dims of the first live input of four axes, as the file states them; empty: there is none.
Extents picture_dims(const NetFile& net, const Weights& weights, const NetOptions& options);

}  // namespace tenfold::caffe
