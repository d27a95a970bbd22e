#include "tensor.h"

#include <cmath>

#include "network.h"

namespace tenfold::trt {

Extents to_extents(const Dims& dims) {
  if (dims.nbDims < 0 || dims.nbDims > Dims::MAX_DIMS)
    throw Error(Code::kInvalid, "dimensions with nbDims " + std::to_string(dims.nbDims));
  Extents extents(dims.d, dims.d + dims.nbDims);
  for (const int64_t d : extents)
    if (d < 0)
      throw Error(Code::kInvalid, "dimensions " + text_of(dims) + " with a negative extent");
  return extents;
}

Dims to_dims(const Extents& extents) {
  if (extents.size() > static_cast<size_t>(Dims::MAX_DIMS))
    throw Error(Code::kUnsupported,
                std::to_string(extents.size()) + " dimensions, the interface has 8");
  Dims dims{};
  dims.nbDims = static_cast<int>(extents.size());
  for (size_t k = 0; k < extents.size(); ++k) {
    if (extents[k] > INT32_MAX) throw Error(Code::kUnsupported, "a dimension beyond 2^31");
    dims.d[k] = static_cast<int>(extents[k]);
    const bool channel = k + 3 == extents.size() || extents.size() < 3;
    dims.type[k] = k + 3 < extents.size() ? nvinfer1::DimensionType::kINDEX
                   : channel              ? nvinfer1::DimensionType::kCHANNEL
                                          : nvinfer1::DimensionType::kSPATIAL;
  }
  return dims;
}

DType to_dtype(DataType type) {
  switch (type) {
    case DataType::kFLOAT: return DType::kF32;
    case DataType::kHALF: return DType::kF16;
    case DataType::kINT8: return DType::kI8;
    case DataType::kINT32: return DType::kI32;
  }
  throw Error(Code::kUnsupported, "unknown DataType " + std::to_string(static_cast<int>(type)));
}

DataType to_data_type(DType type) {
  switch (type) {
    case DType::kF32: return DataType::kFLOAT;
    case DType::kF16: return DataType::kHALF;
    case DType::kI8: return DataType::kINT8;
    case DType::kI32: return DataType::kINT32;
    default: break;
  }
  throw Error(Code::kUnsupported,
              "element type " + std::string(to_string(type)) + " has no DataType");
}

std::string text_of(const Dims& dims) {
  std::string text = "[";
  for (int k = 0; k < dims.nbDims && k < Dims::MAX_DIMS; ++k)
    text += (k ? "," : "") + std::to_string(dims.d[k]);
  return text + "]";
}

void TensorImpl::setName(const char* name) {
  if (!name || !*name) return network_.log.error("ITensor::setName: the name is empty");
  name_ = name;
  network_.changed();
}

void TensorImpl::setDimensions(Dims dimensions) {
  guarded(network_.log, "ITensor::setDimensions", 0, [&] {
    if (producer_)
      throw Error(Code::kInvalid, "tensor '" + name_ + "' is no network input: its layer decides");
    dims = to_extents(dimensions);
    network_.changed();
    return 0;
  });
}

Dims TensorImpl::getDimensions() const {
  if (!producer_) return to_dims(dims);
  return guarded(network_.log, "ITensor::getDimensions", Dims{}, [&] {
    const Emitted* emitted = network_.infer(*this);
    return emitted ? to_dims(emitted->dims) : Dims{};
  });
}

void TensorImpl::setType(DataType t) {
  guarded(network_.log, "ITensor::setType", 0, [&] {
    to_dtype(t);
    if (producer_)
      wanted = t;
    else
      type = t;
    network_.changed();
    return 0;
  });
}

DataType TensorImpl::getType() const {
  if (!producer_) return type;
  return guarded(network_.log, "ITensor::getType", DataType::kFLOAT, [&] {
    const Emitted* emitted = network_.infer(*this);
    const DataType made = emitted ? to_data_type(emitted->dtype) : DataType::kFLOAT;
    return made == DataType::kFLOAT && wanted == DataType::kHALF ? *wanted : made;
  });
}

bool TensorImpl::setDynamicRange(float min, float max) {
  if (!std::isfinite(min) || !std::isfinite(max) || min > max) return false;
  range_ = {min, max};
  return true;
}

float TensorImpl::getDynamicRange() const {
  return range_ ? std::max(std::fabs(range_->first), std::fabs(range_->second)) : -1;
}

void TensorImpl::setBroadcastAcrossBatch(bool broadcast) {
  if (broadcast)
    network_.log.warn("tensor '" + name_ + "': setBroadcastAcrossBatch is not supported");
}

void TensorImpl::setLocation(nvinfer1::TensorLocation location) {
  if (location != nvinfer1::TensorLocation::kDEVICE)
    network_.log.warn("tensor '" + name_ + "': tensors live on the device only");
}

WeightSlot::WeightSlot(Tensor kept) : kept_(std::move(kept)) {
  lent_ = {to_data_type(kept_.dtype()), kept_.data(), kept_.count()};
}

Tensor WeightSlot::tensor(const Extents& dims, const std::string& what) const {
  const int64_t wanted = element_count(dims);
  if (lent_.count != wanted)
    throw Error(Code::kInvalid, what + ": " + std::to_string(lent_.count) + " numbers, " +
                                    std::to_string(wanted) + " expected");
  if (wanted > 0 && !lent_.values) throw Error(Code::kInvalid, what + ": no values are given");
  const DType type = to_dtype(lent_.type);
  if (type == DType::kI8) throw Error(Code::kUnsupported, what + ": INT8 weights");
  Tensor tensor =
      kept_.defined() ? kept_.reshaped(dims) : Tensor::wrap(type, dims, lent_.values, nullptr);
  return type == DType::kF16 ? tensor.cast(DType::kF32) : tensor;
}

}  // namespace tenfold::trt
