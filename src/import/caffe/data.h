// Shapes of what data layers feed into a network.
#pragma once

#include <optional>

#include "src/import/caffe/topology.h"

namespace tenfold::caffe {

// What is known about pictures from elsewhere (a package); 0: unknown.
struct ImageHint {
  int64_t channels = 0, height = 0, width = 0;
};

// Dims of a data layer's top. Error{kInvalid} when the file does not tell, with what to give.
Extents data_shape(const LayerParameter& layer, int top, const ImageHint& hint);

// Channels that the first convolution reading the blob was trained for; 0: unknown.
int64_t trained_channels(const NetFile& net, const Topology& topology, const Weights& weights,
                         Source source);

}  // namespace tenfold::caffe
