// Builds small networks, runs them on the CPU and gives their outputs back.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "NvInfer.h"

// Keeps what is logged; nothing reaches the terminal.
class Messages : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* msg) override {
    if (severity <= Severity::kERROR) errors.push_back(msg);
    if (severity == Severity::kWARNING) warnings.push_back(msg);
  }
  // Whether one of the errors holds `words`.
  bool complained(const std::string& words) const;
  std::string all() const;
  std::vector<std::string> errors, warnings;
};

// `describe` adds layers to an input "x" of dimensions `dims` and returns the output.
using Describe =
    std::function<nvinfer1::ITensor*(nvinfer1::INetworkDefinition&, nvinfer1::ITensor&)>;

struct Result {
  bool ok = false;
  nvinfer1::Dims dims{};           // of the engine's binding
  nvinfer1::Dims inferred{};       // what the tensor said before
  std::vector<float> values;       // of all items
};
// Builds for a maximum batch of `batch`, serializes, reads back, and runs on x[k] = input(k).
Result run_network(const nvinfer1::Dims& dims, int batch, const std::vector<float>& input,
                   const Describe& describe, Messages* messages);
std::vector<float> numbers(size_t count, unsigned seed);  // in [-1, 1)

inline std::vector<int> extents(const nvinfer1::Dims& d) { return {d.d, d.d + d.nbDims}; }

constexpr int kBatch = 2;  // of check()
// Runs the network on numbers() + offset and compares the dimensions of the output, before and
// after the build, and its values with those that `expected` gives for each item.
void check(const nvinfer1::Dims& in, const Describe& describe, const std::vector<int>& dims,
           const std::function<std::vector<float>(const std::vector<float>& item)>& expected,
           unsigned seed = 1, float offset = 0);

nvinfer1::Weights lend(const std::vector<float>& values);
inline nvinfer1::Weights none() { return {nvinfer1::DataType::kFLOAT, nullptr, 0}; }
