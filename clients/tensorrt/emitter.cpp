#include "emitter.h"

#include "layer.h"
#include "network.h"

namespace tenfold::trt {
namespace {

std::string shown(const LayerCore& layer) { return "layer '" + layer.name + "'"; }

}  // namespace

Emitter::Emitter(const NetworkCore& network, int64_t max_batch, bool dry)
    : network_(network),
      builder_("network"),
      batch_(network.single_item ? Dim(1) : Dim::symbol("N")),
      max_batch_(max_batch),
      dry_(dry) {
  if (!network.single_item) builder_.symbol({"N", 1, max_batch, max_batch});
  for (const TensorImpl* input : network.inputs) {
    Shape shape{batch_};
    for (const int64_t d : input->dims) shape.emplace_back(d);
    const DType stored = to_dtype(input->type);
    Emitted e;
    e.value = builder_.input(input->name(), stored, shape);
    e.dims = input->dims;
    if (stored == DType::kF16)
      e.value = builder_.node("Cast", {e.value}, {{"to", std::string("f32")}},
                              input->name() + ".cast", {input->name()});
    values_[input] = e;
  }
}

const Emitted& Emitter::ensure(const TensorImpl& tensor) {
  if (&tensor.network() != &network_)
    throw Error(Code::kInvalid, "tensor '" + tensor.name() + "' belongs to another network");
  std::vector<LayerCore*> stack;
  if (!values_.count(&tensor)) stack.push_back(tensor.producer());
  open_.clear();
  while (!stack.empty()) {
    LayerCore* layer = stack.back();
    if (!layer) throw Error(Code::kInvalid, "a removed network input is still used");
    open_.insert(layer);
    LayerCore* missing = nullptr;
    for (TensorImpl* input : layer->inputs) {
      if (!input || values_.count(input)) continue;
      if (&input->network() != &network_)
        throw Error(Code::kInvalid,
                    shown(*layer) + ": input '" + input->name() + "' belongs to another network");
      missing = input->producer();
      if (!missing)
        throw Error(Code::kInvalid, shown(*layer) + ": a removed network input is still used");
      if (open_.count(missing))
        throw Error(Code::kInvalid, shown(*layer) + ": its input depends on its output");
      break;
    }
    if (missing) {
      stack.push_back(missing);
      continue;
    }
    emit(*layer);
    open_.erase(layer);
    stack.pop_back();
  }
  const auto found = values_.find(&tensor);
  if (found == values_.end())
    throw Error(Code::kInternal, "tensor '" + tensor.name() + "' was not made by its layer");
  return found->second;
}

void Emitter::emit(LayerCore& layer) {
  try {
    for (const TensorImpl* input : layer.inputs)
      if (!input) throw Error(Code::kInvalid, "an input is missing");
    layer.emit(*this);
  } catch (const Error& e) {
    throw Error(e.code(), shown(layer) + ": " + e.what(), e.notes());
  }
}

Graph Emitter::finish(const std::vector<TensorImpl*>& outputs) {
  for (TensorImpl* output : outputs) {
    Emitted e = ensure(*output);
    if (!e.batched)
      throw Error(Code::kUnsupported, "output '" + output->name() + "' depends on no input");
    const DType dtype = builder_.type(e.value).dtype;
    const DataType made = to_data_type(dtype);
    if (made == DataType::kFLOAT && output->wanted == DataType::kHALF)
      e.value = builder_.node("Cast", {e.value}, {{"to", std::string("f16")}},
                              output->name() + ".cast", {output->name()});
    else if (output->wanted.value_or(made) != made)
      network_.log.warn("output '" + output->name() + "' stays " + std::string(to_string(dtype)) +
                        ": setType() turns kFLOAT to kHALF only");
    if (builder_.graph().value(e.value).is_input)
      e.value =
          builder_.node("Identity", {e.value}, {}, output->name() + ".copy", {output->name()});
    builder_.output(e.value, output->name());
  }
  return builder_.finish();
}

const Emitted& Emitter::input(const LayerCore& layer, size_t index) const {
  return values_.at(layer.inputs.at(index));
}

ValueId Emitter::full(const Emitted& e) {
  if (!e.compact) return e.value;
  const std::string name = builder_.graph().value(e.value).name + ".chw";
  return builder_.node("Reshape", {e.value}, {{"shape", std::vector<int64_t>{0, e.dims[0], 1, 1}}},
                       name);
}

ValueId Emitter::matrix(const Emitted& e) {
  if (e.compact || e.dims.size() == 1) return e.value;
  const std::string name = builder_.graph().value(e.value).name + ".flat";
  return builder_.node("Flatten", {e.value}, {{"axis", int64_t{1}}}, name);
}

Extents Emitter::image_dims(const Emitted& e) {
  if (e.dims.size() < 3)
    throw Error(Code::kInvalid, "the input has dimensions " + text_of(to_dims(e.dims)) +
                                    ", [channels, height, width] expected");
  return {e.dims.end() - 3, e.dims.end()};
}

std::string Emitter::image_suffix(const Emitted& e) { return e.dims.size() > 3 ? "images" : ""; }

ValueId Emitter::images(const LayerCore& layer, const Emitted& e) {
  if (e.dims.size() == 3) return full(e);
  std::vector<int64_t> shape = {-1};
  for (const int64_t d : image_dims(e)) shape.push_back(d);
  return node(layer, "Reshape", {full(e)}, {{"shape", shape}}, "items");
}

void Emitter::of_images(const LayerCore& layer, const Emitted& in, ValueId made) {
  if (in.dims.size() == 3) return output(layer, 0, made, in.batched);
  const Shape& shape = builder_.type(made).shape;
  std::vector<std::string> dims = {(in.batched ? batch_ : Dim(1)).str()};
  for (size_t k = 0; k + 3 < in.dims.size(); ++k) dims.push_back(std::to_string(in.dims[k]));
  for (size_t k = 1; k < 4; ++k) dims.push_back(k < shape.size() ? shape[k].str() : "1");
  output(layer, 0, node(layer, "Reshape", {made}, {{"dims", dims}}), in.batched);
}

ValueId Emitter::node(const LayerCore& layer, const std::string& op, std::vector<ValueId> inputs,
                      Attrs attrs, const std::string& suffix) {
  const std::string name = suffix.empty() ? layer.name : layer.name + "." + suffix;
  std::vector<std::string> sources = layer.sources;
  if (sources.empty()) sources.push_back(layer.name);
  return builder_.node(op, std::move(inputs), std::move(attrs), name, std::move(sources));
}

ValueId Emitter::constant(const LayerCore& layer, const std::string& what, Tensor value) {
  return builder_.constant(layer.name + "." + what, std::move(value));
}

ValueId Emitter::scalar(const LayerCore& layer, const std::string& what, double value) {
  return constant(layer, what, Tensor::scalar(DType::kF32, value));
}

void Emitter::output(const LayerCore& layer, size_t index, ValueId value, bool batched) {
  const Shape& shape = builder_.type(value).shape;
  Emitted e;
  e.value = value;
  e.batched = batched;
  for (size_t k = 1; k < shape.size(); ++k) {
    if (!shape[k].is_const())
      throw Error(Code::kUnsupported,
                  "output " + std::to_string(index) + " has a dimension that depends on the batch");
    e.dims.push_back(shape[k].value());
  }
  declare(layer, index, std::move(e));
}

void Emitter::output_compact(const LayerCore& layer, size_t index, ValueId value, bool batched) {
  Emitted e;
  e.value = value;
  e.batched = batched;
  e.compact = true;
  e.dims = {builder_.type(value).shape.at(1).value(), 1, 1};
  declare(layer, index, std::move(e));
}

void Emitter::output_like(const Emitted& in, const LayerCore& layer, ValueId value) {
  const bool compact = in.compact, batched = in.batched;
  if (compact)
    output_compact(layer, 0, value, batched);
  else
    output(layer, 0, value, batched);
}

void Emitter::declare(const LayerCore& layer, size_t index, Emitted emitted) {
  const Shape& shape = builder_.type(emitted.value).shape;
  if (shape.empty() || shape[0] != (emitted.batched ? batch_ : Dim(1)))
    throw Error(Code::kUnsupported, "the layer mixes the items of a batch");
  const TensorImpl* tensor = layer.outputs.at(index);
  const Graph& graph = builder_.graph();
  const auto holder = graph.find_value(tensor->name());
  const bool taken = holder && graph.value(*holder).is_input;
  if (!tensor->name().empty() && !taken && !graph.value(emitted.value).is_input)
    builder_.name_value(emitted.value, tensor->name());
  emitted.dtype = builder_.type(emitted.value).dtype;
  values_[tensor] = std::move(emitted);
}

}  // namespace tenfold::trt
