// What every layer of a network has, and the frame of the typed ones.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "emitter.h"
#include "network.h"

namespace tenfold::trt {

using nvinfer1::ILayer;
using nvinfer1::LayerType;

class LayerCore {
 public:
  LayerCore(NetworkCore& network_, std::string name_) : network(network_), name(std::move(name_)) {}
  virtual ~LayerCore() = default;
  // Adds the layer's nodes and declares its outputs. May throw Error; the caller names the layer.
  virtual void emit(Emitter& emitter) = 0;
  virtual ILayer* facade() = 0;

  void changed() { network.changed(); }

  NetworkCore& network;
  std::string name;
  std::vector<TensorImpl*> inputs;
  std::vector<TensorImpl*> outputs;
  std::vector<std::string> sources;  // the model's layers, if not the name alone
  std::map<int, DataType> output_types;
  DataType precision = DataType::kFLOAT;
  bool precision_set = false;
};

// Implements ILayer for a typed layer.
template <class Interface, LayerType kType>
class LayerOf : public Interface, public LayerCore {
 public:
  using LayerCore::LayerCore;
  ILayer* facade() final { return this; }

  LayerType getType() const final { return kType; }
  void setName(const char* n) final { name = text(n); }
  const char* getName() const final { return name.c_str(); }
  int getNbInputs() const final { return static_cast<int>(inputs.size()); }
  ITensor* getInput(int k) const final { return at(inputs, k); }
  int getNbOutputs() const final { return static_cast<int>(outputs.size()); }
  ITensor* getOutput(int k) const final { return at(outputs, k); }
  void setInput(int k, ITensor& tensor) final {
    if (k < 0 || k >= getNbInputs())
      return network.log.error("setInput: layer '" + name + "' has no input " + std::to_string(k));
    ITensor* from = given(tensor);
    if (!from) return network.log.error("setInput: layer '" + name + "': the tensor is null");
    inputs[static_cast<size_t>(k)] = static_cast<TensorImpl*>(from);
    changed();
  }
  void setPrecision(DataType t) final {
    precision = t;
    precision_set = true;
  }
  DataType getPrecision() const final { return precision; }
  bool precisionIsSet() const final { return precision_set; }
  void resetPrecision() final { precision_set = false; }
  void setOutputType(int k, DataType t) final { output_types[k] = t; }
  DataType getOutputType(int k) const final {
    const auto found = output_types.find(k);
    return found == output_types.end() ? DataType::kFLOAT : found->second;
  }
  bool outputTypeIsSet(int k) const final { return output_types.count(k) != 0; }
  void resetOutputType(int k) final { output_types.erase(k); }

 private:
  static ITensor* at(const std::vector<TensorImpl*>& list, int k) {
    return k < 0 || static_cast<size_t>(k) >= list.size() ? nullptr : list[static_cast<size_t>(k)];
  }
};

// A property of a typed layer that is kept elsewhere in it.
#define TRT_FIELD(Type, Name, member)   \
  void set##Name(Type value) override { \
    member = value;                     \
    changed();                          \
  }                                     \
  Type get##Name() const override { return member; }
// A property of a typed layer: its setter, its getter and where it is kept.
#define TRT_PROPERTY(Type, Name, member, initial)    \
  void set##Name(Type value) override {              \
    member = value;                                  \
    changed();                                       \
  }                                                  \
  Type get##Name() const override { return member; } \
  Type member = initial;
#define TRT_WEIGHTS(Name, member)                             \
  void set##Name(Weights value) override {                    \
    member = WeightSlot(value);                               \
    changed();                                                \
  }                                                           \
  Weights get##Name() const override { return member.get(); } \
  WeightSlot member;

}  // namespace tenfold::trt
