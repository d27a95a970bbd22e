// Shapes of what data layers feed into a network.
#pragma once

#include <optional>

#include "src/import/caffe/topology.h"

namespace tenfold::caffe {

// What is known about inputs from elsewhere: pictures (of a package; 0: unknown), and shapes of
// tops that the user states.
struct ImageHint {
  int64_t channels = 0, height = 0, width = 0;
  const std::map<std::string, Extents>* stated = nullptr;
};

// Dims of a data layer's top. Error{kUnsupported} when the file does not tell, with what to give.
Extents data_shape(const LayerParameter& layer, int top, const ImageHint& hint);

// The same within a network. Channels that neither file nor hint tell are those that the first
// convolution was trained for; without any weights colour is assumed, and `assumed` says so.
Extents resolve_data_shape(const NetFile& net, const Topology& topology, const Weights& weights,
                           ImageHint hint, Source source, bool* assumed = nullptr);

}  // namespace tenfold::caffe
