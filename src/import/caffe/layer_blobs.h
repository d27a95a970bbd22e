// Where a layer's parameters come from: the file of weights, another layer that shares them by
// name, or chance.
#pragma once

#include "src/import/caffe/layer.h"
#include "src/import/caffe/net.h"
#include "src/import/caffe/topology.h"

namespace tenfold::caffe {

struct AttemptSetup;

// Parameters that have a name: layers that give the same one share it.
class SharedParams {
 public:
  SharedParams(const NetParameter& net, Weights& weights);
  // One layer's blob in the file of weights; null: none.
  struct Blob {
    const TrainedBlobs* trained = nullptr;
    int index = 0;
    std::string layer;
    bool permissive = false;  // that layer shares with any of as many values
  };
  // Of the layers that have the parameter in the file of weights, the last in the file.
  Blob last_in_file(const std::string& name);
  // The dims in the layer that asked first; `dims` where this is the first.
  const Extents& first_dims(const std::string& name, const Extents& dims);

 private:
  const NetParameter& net_;
  Weights& weights_;
  std::map<std::string, std::vector<Source>> sharers_;  // layers, which blob
  std::map<std::string, Blob> last_;                    // found once a parameter
  std::map<std::string, Extents> first_dims_;
};

// The parameters of one layer. What does not fit is reported and zeros stand for it, so that the
// layers behind are examined too.
class LayerBlobs : public BlobSource {
 public:
  LayerBlobs(const AttemptSetup& setup, SharedParams& shared, Diagnostics& diagnostics, int layer);
  int count() const override;
  Tensor take(int index, const Extents& dims, Fill fill, int64_t fan_in) override;
  // Reports a file that has another number of blobs for the layer.
  void compare_count(int needed);
  // Of a layer whose bottoms have no known shape: reports what its own text tells to be wrong.
  void examine();
  // Whether a parameter was asked for that the file lacks where random ones are not permitted.
  bool missing() const { return missing_; }

 private:
  void report(const std::string& reason, const std::string& hint = {});
  void compare_with_first(const std::string& name, const Extents& dims, bool permissive);
  // Undefined where the blob does not fit, which is reported. `layer`: whose it is, if another's.
  Tensor from_file(const TrainedBlobs& trained, int index, const Extents& dims, bool any_shape,
                   const std::string& layer = {});

  const AttemptSetup& setup_;
  SharedParams& shared_;
  Diagnostics& diagnostics_;
  int k_;
  const LayerParameter& layer_;
  const TrainedBlobs* trained_ = nullptr;
  bool missing_ = false;
};

}  // namespace tenfold::caffe
