// What the programs of this folder share, in the manner of programs written for TensorRT: C++11, a
// logger, a check of CUDA's results, files in a data folder. Every program is called with that
// folder and a digit and exits with 0 if it recognizes the digit.
#pragma once

#include <cassert>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "NvInfer.h"

#undef NDEBUG  // the programs check themselves by assertions
#include <assert.h>

#define CHECK(status)                                                     \
  do {                                                                    \
    auto ret = (status);                                                  \
    if (ret != 0) {                                                       \
      std::cerr << "Cuda failure: " << ret << " at " << __LINE__ << "\n"; \
      abort();                                                            \
    }                                                                     \
  } while (0)

class Logger : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const char* msg) override {
    if (severity <= Severity::kERROR) ++errors;
    if (severity != Severity::kINFO) std::cerr << msg << std::endl;
  }
  int errors = 0;
};

static const int INPUT_H = 28, INPUT_W = 28, OUTPUT_SIZE = 10;
static const char* const INPUT_BLOB_NAME = "data";
static const char* const OUTPUT_BLOB_NAME = "softmax";
static const char* const DEPLOY_FILE = "deploy.prototxt";
static const char* const MODEL_FILE = "snapshot_iter_880.caffemodel";
static const char* const MEAN_FILE = "mean.binaryproto";

static std::string gDirectory;
inline std::string locateFile(const std::string& name) { return gDirectory + "/" + name; }

inline std::vector<uint8_t> readPGMFile(int digit) {
  std::ifstream file(locateFile(std::to_string(digit) + ".pgm"), std::ios::binary);
  std::string magic;
  int width, height, white;
  file >> magic >> width >> height >> white;
  file.get();
  std::vector<uint8_t> pixels(INPUT_H * INPUT_W);
  file.read(reinterpret_cast<char*>(pixels.data()), pixels.size());
  assert(file && width == INPUT_W && height == INPUT_H);
  return pixels;
}

inline int best(const float* prob) {
  int index = 0;
  for (int i = 1; i < OUTPUT_SIZE; i++)
    if (prob[i] > prob[index]) index = i;
  return prob[index] > 0.5f ? index : -1;
}
