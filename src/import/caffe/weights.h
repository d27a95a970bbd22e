// The trained blobs of a .caffemodel, by layer name.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/import/caffe/caffe.pb.h"
#include "tenfold/diag.h"
#include "tenfold/tensor.h"

namespace tenfold::caffe {

// One blob: f32 whatever the file stores, dims as the file states them. `legacy` dims are the four
// that stand for any shape of fewer axes, with ones in front.
struct Blob {
  Tensor value;
  bool legacy = false;
};

// Reads a blob. Error{kInvalid} when dims are negative or their product is not the number of
// values, Error{kResource} when it overflows.
Blob read_blob(const BlobProto& proto);

// The dims without those of 1, by which shapes of Caffe are compared.
Extents without_ones(const Extents& dims);
// Whether a blob may stand for a parameter of these dims: equal, or equal but for axes of size one.
bool fits(const Blob& blob, const Extents& dims);

struct TrainedBlobs {
  std::vector<Blob> blobs;
  int64_t offset = 0;  // of the layer in the file
  bool used = false;
};

class Weights {
 public:
  // Parses a .caffemodel of any generation. A damaged layer becomes an error with its byte offset,
  // and reading goes on behind it.
  static Weights read(std::string_view bytes, const std::string& file, Diagnostics& diagnostics);

  // Takes the layers over of which this has no blobs.
  void add(Weights other);

  bool present() const { return present_; }  // a file was given
  const std::string& file() const { return file_; }
  const TrainedBlobs* find(const std::string& layer) const;
  TrainedBlobs* use(const std::string& layer);
  const std::map<std::string, TrainedBlobs>& layers() const { return layers_; }

 private:
  void read_layer(int field, std::string_view bytes, int64_t offset, Diagnostics& diagnostics);
  std::map<std::string, TrainedBlobs> layers_;
  std::string file_;
  bool present_ = false;
};

// How random weights are drawn, so that values neither vanish nor explode in a deep network.
enum class Fill { kWeight, kBias, kGain, kMean, kVariance, kOne, kSlope };
// `fan_in` is the number of products summed per output; `seed` decides the values.
Tensor random_blob(const Extents& dims, Fill fill, int64_t fan_in, uint64_t seed);
// Zeros that take no memory until somebody writes: stands in for weights that are missing.
Tensor placeholder(const Extents& dims);

}  // namespace tenfold::caffe
