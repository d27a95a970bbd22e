// Turns layers into a Graph, those that are asked for and what they need, in execution order.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tenfold/graph.h"
#include "tensor.h"

namespace tenfold::trt {

class NetworkCore;

// What a tensor holds in the graph. `dims` are the interface's, without the batch. The value has
// the shape [N, dims] or, when `compact`, [N, K] for dims [K, 1, 1]: inner products and what
// follows them need no reshapes so. Without a batch, N is 1.
struct Emitted {
  ValueId value;
  Extents dims;
  DType dtype = DType::kF32;
  bool batched = true;
  bool compact = false;
};

class Emitter {
 public:
  // `dry`: shapes only; plugins are not configured.
  Emitter(const NetworkCore& network, int64_t max_batch, bool dry);

  // The tensor's value; emits the layers that it needs. Error{kInvalid} on cycles and on tensors of
  // other networks; errors of layers name them.
  const Emitted& ensure(const TensorImpl& tensor);
  Graph finish(const std::vector<TensorImpl*>& outputs);

  // --- for layers ---
  const Emitted& input(const LayerCore& layer, size_t index) const;
  ValueId full(const Emitted& e);  // shape [N, dims]
  ValueId matrix(const Emitted& e);  // shape [N, product of dims]
  // Layers of images take the last three dimensions; those before count as more items of the batch.
  // `images` has shape [items, C, H, W], `of_images` brings what was made of it back, as the
  // layer's output 0. Error{kInvalid} on fewer dimensions.
  static Extents image_dims(const Emitted& e);
  static std::string image_suffix(const Emitted& e);  // of the node between both
  ValueId images(const LayerCore& layer, const Emitted& e);
  void of_images(const LayerCore& layer, const Emitted& in, ValueId made);
  // Emits a node named after the layer (and `suffix`, for all but its last node).
  ValueId node(const LayerCore& layer, const std::string& op, std::vector<ValueId> inputs,
               Attrs attrs = {}, const std::string& suffix = {});
  ValueId constant(const LayerCore& layer, const std::string& what, Tensor value);
  ValueId scalar(const LayerCore& layer, const std::string& what, double value);
  // Declares the layer's output: dims follow from the value's shape.
  void output(const LayerCore& layer, size_t index, ValueId value, bool batched = true);
  void output_compact(const LayerCore& layer, size_t index, ValueId value, bool batched = true);
  // The layer's output 0 in the form that `in` has: what maps every element on its own keeps it.
  void output_like(const Emitted& in, const LayerCore& layer, ValueId value);
  GraphBuilder& builder() { return builder_; }
  bool dry() const { return dry_; }
  int64_t max_batch() const { return max_batch_; }

 private:
  void emit(LayerCore& layer);
  void declare(const LayerCore& layer, size_t index, Emitted emitted);

  const NetworkCore& network_;
  GraphBuilder builder_;
  const Dim batch_;  // N, or 1
  int64_t max_batch_;
  bool dry_;
  std::map<const TensorImpl*, Emitted> values_;
  std::set<const LayerCore*> open_;  // being emitted: meeting one again is a cycle
};

}  // namespace tenfold::trt
