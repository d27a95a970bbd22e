// A tensor of a network: its name and its place. What it holds is known to the Emitter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "NvInfer.h"
#include "tenfold/tensor.h"

namespace tenfold::trt {

using nvinfer1::DataType;
using nvinfer1::Dims;
using nvinfer1::DimsHW;
using nvinfer1::ITensor;
using nvinfer1::Weights;

class LayerCore;
class NetworkCore;

// Throws Error{kInvalid} for more dimensions than Dims has, or negative ones.
Extents to_extents(const Dims& dims);
Dims to_dims(const Extents& extents);
DType to_dtype(DataType type);       // Error{kUnsupported} for unknown values
DataType to_data_type(DType type);   // Error{kUnsupported} for what the interface cannot name
std::string text_of(const Dims& dims);

class TensorImpl final : public ITensor {
 public:
  TensorImpl(NetworkCore& network, LayerCore* producer, int output, std::string name)
      : network_(network), producer_(producer), output_(output), name_(std::move(name)) {}

  void setName(const char* name) override;
  const char* getName() const override { return name_.c_str(); }
  void setDimensions(Dims dimensions) override;
  Dims getDimensions() const override;
  void setType(DataType type) override;
  DataType getType() const override;
  bool isNetworkInput() const override { return producer_ == nullptr; }
  bool isNetworkOutput() const override { return is_output; }
  bool setDynamicRange(float min, float max) override;
  float getDynamicRange() const override;
  bool dynamicRangeIsSet() const override { return range_.has_value(); }
  void resetDynamicRange() override { range_.reset(); }
  float getDynamicRangeMin() const override { return range_ ? range_->first : 0; }
  float getDynamicRangeMax() const override { return range_ ? range_->second : 0; }
  void setBroadcastAcrossBatch(bool broadcast) override;
  bool getBroadcastAcrossBatch() const override { return false; }
  nvinfer1::TensorLocation getLocation() const override {
    return nvinfer1::TensorLocation::kDEVICE;
  }
  void setLocation(nvinfer1::TensorLocation location) override;

  const std::string& name() const { return name_; }
  LayerCore* producer() const { return producer_; }  // null for network inputs
  int output() const { return output_; }
  NetworkCore& network() const { return network_; }

  Extents dims;                       // of network inputs
  DataType type = DataType::kFLOAT;   // of network inputs
  std::optional<DataType> wanted;     // what setType() asks of a layer's tensor
  bool is_output = false;

 private:
  NetworkCore& network_;
  LayerCore* producer_;
  int output_;
  std::string name_;
  std::optional<std::pair<float, float>> range_;
};

// Weights as a layer holds them: lent by the program, or kept (of a parsed model).
class WeightSlot {
 public:
  WeightSlot() = default;
  WeightSlot(Weights lent) : lent_(lent) {}  // NOLINT: setters pass Weights
  explicit WeightSlot(Tensor kept);
  const Weights& get() const { return lent_; }
  bool empty() const { return lent_.count == 0; }
  // In f32 (or i32), as `dims`. Error{kInvalid} names `what` if counts differ.
  Tensor tensor(const Extents& dims, const std::string& what) const;

 private:
  Weights lent_{DataType::kFLOAT, nullptr, 0};
  Tensor kept_;
};

}  // namespace tenfold::trt
