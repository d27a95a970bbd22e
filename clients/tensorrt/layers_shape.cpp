// Layers that move elements: concatenation, padding, shuffle, slice, gather; constants; graph
// nodes.
#include "layers.h"

namespace tenfold::trt {
namespace {

// A permutation of the dimensions with the batch in front.
std::vector<int64_t> with_batch(const nvinfer1::Permutation& p, size_t rank) {
  std::vector<int64_t> perm = {0};
  std::vector<bool> seen(rank, false);
  for (size_t k = 0; k < rank; ++k) {
    const int from = p.order[k];
    if (from < 0 || static_cast<size_t>(from) >= rank || seen[static_cast<size_t>(from)])
      throw Error(Code::kInvalid,
                  "the transpose is no permutation of " + std::to_string(rank) + " dimensions");
    seen[static_cast<size_t>(from)] = true;
    perm.push_back(from + 1);
  }
  return perm;
}

nvinfer1::Permutation identity() {
  nvinfer1::Permutation p;
  for (int k = 0; k < Dims::MAX_DIMS; ++k) p.order[k] = k;
  return p;
}

}  // namespace

void ConcatenationLayer::setAxis(int value) {
  axis = value;
  changed();
}
int ConcatenationLayer::getAxis() const {
  if (axis >= 0 || inputs.empty() || !inputs[0]) return std::max(axis, 0);
  return std::max(inputs[0]->getDimensions().nbDims - 3, 0);
}

void ConcatenationLayer::emit(Emitter& e) {
  bool compact = true, batched = true;
  std::vector<Emitted> list;
  for (size_t k = 0; k < inputs.size(); ++k) {
    list.push_back(e.input(*this, k));
    compact &= list.back().compact;
    batched &= list.back().batched;
  }
  if (!batched) throw Error(Code::kUnsupported, "concatenation with a constant");
  const int64_t rank = static_cast<int64_t>(list[0].dims.size());
  const int64_t along = axis >= 0 ? axis : rank >= 3 ? rank - 3 : 0;
  compact &= along == 0;
  std::vector<ValueId> values;
  for (const Emitted& in : list) values.push_back(compact ? in.value : e.full(in));
  const ValueId y = e.node(*this, "Concat", std::move(values), {{"axis", along + 1}});
  return compact ? e.output_compact(*this, 0, y) : e.output(*this, 0, y);
}

void PaddingLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const size_t rank = in.dims.size() + 1;
  if (rank < 3) throw Error(Code::kInvalid, "padding needs two dimensions");
  std::vector<int64_t> pads(2 * rank, 0);
  for (size_t k = 0; k < 2; ++k) {
    pads[rank - 2 + k] = pre.d[k];
    pads[2 * rank - 2 + k] = post.d[k];
  }
  e.output(*this, 0, e.node(*this, "Pad", {e.full(in)}, {{"pads", pads}}), in.batched);
}

void ShuffleLayer::setFirstTranspose(nvinfer1::Permutation value) {
  first = value;
  changed();
}
void ShuffleLayer::setSecondTranspose(nvinfer1::Permutation value) {
  second = value;
  changed();
}
void ShuffleLayer::setReshapeDimensions(Dims value) {
  reshape = value;
  changed();
}
nvinfer1::Permutation ShuffleLayer::getFirstTranspose() const { return first.value_or(identity()); }
nvinfer1::Permutation ShuffleLayer::getSecondTranspose() const {
  return second.value_or(identity());
}
Dims ShuffleLayer::getReshapeDimensions() const {
  Dims none{};
  none.nbDims = -1;
  return reshape.value_or(none);
}

void ShuffleLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  ValueId x = e.full(in);
  auto rank = [&] { return e.builder().type(x).shape.size() - 1; };
  if (first)
    x = e.node(*this, "Transpose", {x}, {{"perm", with_batch(*first, rank())}},
               reshape || second ? "first" : "");
  if (reshape) {
    if (reshape->nbDims < 0 || reshape->nbDims > Dims::MAX_DIMS)
      throw Error(Code::kInvalid,
                  "the reshape has " + std::to_string(reshape->nbDims) + " dimensions");
    std::vector<int64_t> shape = {0};
    for (int k = 0; k < reshape->nbDims; ++k) shape.push_back(reshape->d[k]);
    x = e.node(*this, "Reshape", {x}, {{"shape", shape}}, second ? "reshape" : "");
  }
  if (second) x = e.node(*this, "Transpose", {x}, {{"perm", with_batch(*second, rank())}});
  if (!first && !reshape && !second) x = e.node(*this, "Identity", {x});
  e.output(*this, 0, x, in.batched);
}

void SliceLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const int rank = static_cast<int>(in.dims.size());
  if (start.nbDims != rank || size.nbDims != rank || stride.nbDims != rank)
    throw Error(Code::kInvalid,
                "start, size and stride need " + std::to_string(rank) + " dimensions");
  std::vector<int64_t> starts, ends, axes, steps;
  for (int k = 0; k < rank; ++k) {
    const int64_t last = start.d[k] + int64_t{size.d[k] - 1} * stride.d[k];
    if (size.d[k] < 1 || stride.d[k] < 1 || start.d[k] < 0 ||
        last >= in.dims[static_cast<size_t>(k)])
      throw Error(Code::kInvalid,
                  "the slice leaves the input along dimension " + std::to_string(k));
    starts.push_back(start.d[k]);
    ends.push_back(last + 1);
    axes.push_back(k + 1);
    steps.push_back(stride.d[k]);
  }
  const Attrs attrs = {{"starts", starts}, {"ends", ends}, {"axes", axes}, {"steps", steps}};
  e.output(*this, 0, e.node(*this, "Slice", {e.full(in)}, attrs), in.batched);
}

// Of data and indices one at most may be the batch's: items that each have data and indices of
// their own would need a gather that goes through both together.
void GatherLayer::emit(Emitter& e) {
  const Emitted data = e.input(*this, 0), indices = e.input(*this, 1);
  if (axis < 0 || axis >= static_cast<int>(data.dims.size()))
    throw Error(Code::kInvalid, "the data have no dimension " + std::to_string(axis));
  if (indices.batched && data.batched)
    throw Error(
        Code::kUnsupported,
        "gather from data of an item by indices of the item; one of them must be a constant");
  const auto unbatched = [&](const Emitted& in, const char* name) {
    const std::vector<int64_t> shape(in.dims.begin(), in.dims.end());
    return e.node(*this, "Reshape", {e.full(in)}, {{"shape", shape}}, name);
  };
  if (!indices.batched) {
    const ValueId list = unbatched(indices, "indices");
    const Attrs attrs = {{"axis", int64_t{axis} + 1}};
    e.output(*this, 0, e.node(*this, "Gather", {e.full(data), list}, attrs), data.batched);
    return;
  }
  // A table: what lies before the axis comes before the batch, which belongs in front.
  const int64_t rank = static_cast<int64_t>(data.dims.size() + indices.dims.size());
  ValueId x = e.node(*this, "Gather", {unbatched(data, "table"), e.full(indices)},
                     {{"axis", int64_t{axis}}}, axis > 0 ? "rows" : "");
  if (axis > 0) {
    std::vector<int64_t> perm = {axis};
    for (int64_t k = 0; k < rank; ++k)
      if (k != axis) perm.push_back(k);
    x = e.node(*this, "Transpose", {x}, {{"perm", perm}});
  }
  e.output(*this, 0, x);
}

void ConstantLayer::emit(Emitter& e) {
  Extents dims = to_extents(dimensions);
  const Tensor values = weights.tensor(dims, "weights");
  dims.insert(dims.begin(), 1);
  e.output(*this, 0, e.constant(*this, "weights", values.reshaped(dims)), false);
}

void GraphLayer::emit(Emitter& e) {
  std::vector<ValueId> values;
  bool batched = false;
  for (size_t k = 0; k < operands.size(); ++k) {
    const Operand& o = operands[k];
    if (o.constant.defined()) {
      values.push_back(e.constant(*this, "constant" + std::to_string(k), o.constant));
    } else if (o.input < 0) {
      values.push_back(kNoValue);
    } else {
      const Emitted& in = e.input(*this, static_cast<size_t>(o.input));
      values.push_back(o.rank == 2 ? e.matrix(in) : e.full(in));
      batched |= in.batched;
      if (e.builder().type(values.back()).shape.size() != o.rank)
        throw Error(Code::kInvalid, "the input has dimensions " + text_of(to_dims(in.dims)) + ", " +
                                        std::to_string(o.rank - 1) + " expected");
    }
  }
  const std::vector<ValueId> made =
      e.builder().nodes(op, std::move(values), static_cast<int>(outputs.size()), attrs, name,
                        sources.empty() ? std::vector<std::string>{name} : sources);
  for (size_t k = 0; k < made.size(); ++k) {
    if (e.builder().type(made[k]).shape.size() == 2)
      e.output_compact(*this, k, made[k], batched);
    else
      e.output(*this, k, made[k], batched);
  }
}

}  // namespace tenfold::trt
