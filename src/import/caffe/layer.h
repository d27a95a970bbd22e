// What an importer of one layer type sees and does. One file a type (or a family that shares its
// formula), a line each in layers.def.
#pragma once

#include <string>
#include <vector>

#include "src/import/caffe/weights.h"
#include "tenfold/graph.h"

namespace tenfold::caffe {

// Trained blobs of the layer under import, checked against the shapes it needs.
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  // How many blobs the layer has in the file of weights; -1 without such a file or such a layer.
  virtual int count() const = 0;
  // Blob `index` with these dims. Error{kInvalid} when the file's blob has another shape.
  virtual Tensor take(int index, const Extents& dims, Fill fill, int64_t fan_in) = 0;
};

// Thrown where a layer's import needs a bottom that an earlier problem left without a value: what
// can be said of the layer without it has been said.
struct UnknownBottom {};

// A layer under import: its parameters, its bottoms, its blobs; receives nodes and tops. Failures
// are thrown as Error; the driver adds file, line and layer.
class LayerContext {
 public:
  LayerContext(const LayerParameter& layer, std::vector<ValueId> bottoms, GraphBuilder& builder,
               BlobSource& blobs, std::string node_name);

  const LayerParameter& layer() const { return layer_; }
  size_t bottom_count() const { return bottoms_.size(); }
  ValueId bottom(size_t k = 0) const;  // Error{kInvalid} if there are fewer, UnknownBottom
  const Shape& shape(size_t bottom = 0) const;
  const Shape& shape_of(ValueId value) const;
  size_t rank(size_t bottom = 0) const { return shape(bottom).size(); }
  // A dimension that has to be a number. Error{kUnsupported} when it depends on the batch size.
  int64_t extent(size_t bottom, int64_t axis) const;
  static int64_t number(const Dim& dim, std::string_view what);
  // An axis in [0, rank), counted from the end when negative. Error{kInvalid} beyond.
  static int64_t axis(int64_t axis, size_t rank);
  // Error{kInvalid} unless the layer has between `least` and `most` bottoms and as many tops.
  void expect(int least_bottoms, int most_bottoms, int least_tops, int most_tops) const;

  // Adds a node. The last node of a layer bears its name; helpers have a suffix.
  ValueId add(const std::string& op, std::vector<ValueId> inputs, Attrs attrs = {},
              const std::string& suffix = {});
  std::vector<ValueId> add_multi(const std::string& op, std::vector<ValueId> inputs, int outputs,
                                 Attrs attrs = {}, const std::string& suffix = {});
  ValueId constant(const std::string& suffix, Tensor value);
  ValueId scalar(const std::string& suffix, double value);
  // Reshapes to `dims`, dimensions of the input copied where they stay.
  ValueId reshape(ValueId value, const Shape& dims, const std::string& suffix = {});
  ValueId transpose(ValueId value, std::vector<int64_t> perm, const std::string& suffix = {});

  Tensor blob(int index, const Extents& dims, Fill fill, int64_t fan_in = 1);
  int blob_count() const { return blobs_.count(); }
  // Highest blob asked for, plus one; what the layer needs to have.
  int blobs_used() const { return blobs_used_; }

  void top(ValueId value) { tops_.push_back(value); }  // next top, in order
  const std::vector<ValueId>& tops() const { return tops_; }

  [[noreturn]] static void invalid(const std::string& reason, const std::string& hint = {});
  [[noreturn]] static void unsupported(const std::string& reason, const std::string& hint = {});

 private:
  std::vector<std::string> sources() const { return {layer_.name()}; }
  const LayerParameter& layer_;
  std::vector<ValueId> bottoms_;
  GraphBuilder& builder_;
  BlobSource& blobs_;
  std::string name_;
  std::vector<ValueId> tops_;
  int blobs_used_ = 0;
};

enum class LayerKind { kCompute, kData, kSink };

struct LayerEntry {
  std::string_view type;
  LayerKind kind = LayerKind::kCompute;
  void (*import)(LayerContext&) = nullptr;  // of kCompute
};
// The importer of a type; nullptr if unknown.
const LayerEntry* find_layer(std::string_view type);

// Defines the importer of a type: CAFFE_LAYER_IMPORT(Softmax) { c.top(...); }
#define CAFFE_LAYER_IMPORT(type) void caffe_layer_##type([[maybe_unused]] LayerContext& c)

// Numbers of a repeated spatial parameter: one for all axes, or one each; `h` and `w` override when
// the layer states them. Error{kInvalid} on another count.
struct SpatialParam {
  std::vector<int64_t> values;
  bool has_h = false, has_w = false;
  int64_t h = 0, w = 0;
};
std::vector<int64_t> spatial(const SpatialParam& param, size_t axes, int64_t fallback,
                             const std::string& name);

}  // namespace tenfold::caffe
