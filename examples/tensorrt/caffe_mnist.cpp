// Recognizes a handwritten digit: a Caffe model becomes an engine, the engine is serialized, read
// back and run. Written against TensorRT's interface only; see README.md for how it is built.
//
//   caffe_mnist [FOLDER [DIGIT]]
//
// FOLDER holds the model (deploy.prototxt, *.caffemodel, mean.binaryproto); DIGIT chooses one of
// the pictures 0.pgm to 9.pgm, by chance unless given. Exit status 0: the digit was recognized.
#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "NvCaffeParser.h"
#include "NvInfer.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

#define CHECK(status)                                                     \
  do {                                                                    \
    const cudaError_t result = (status);                                  \
    if (result != cudaSuccess) {                                          \
      std::cerr << #status << ": " << cudaGetErrorString(result) << "\n"; \
      std::exit(EXIT_FAILURE);                                            \
    }                                                                     \
  } while (0)

// What is known about the network.
static const int INPUT_H = 28;
static const int INPUT_W = 28;
static const int OUTPUT_SIZE = 10;
static const char* const INPUT_BLOB_NAME = "data";
static const char* const OUTPUT_BLOB_NAME = "softmax";

static std::vector<std::string> directories = {"data/", "examples/tensorrt/data/"};

class Logger : public ILogger {
  void log(Severity severity, const char* msg) override {
    if (severity != Severity::kINFO) std::cerr << msg << std::endl;
  }
} gLogger;

static std::string locateFile(const std::string& name) {
  for (const std::string& directory : directories)
    if (std::ifstream(directory + name)) return directory + name;
  std::cerr << name << ": not found in";
  for (const std::string& directory : directories) std::cerr << " " << directory;
  std::cerr << "\n";
  std::exit(EXIT_FAILURE);
}

// A binary PGM of the network's size.
static void readPGMFile(const std::string& name, uint8_t* buffer) {
  std::ifstream file(name, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, white = 0;
  file >> magic >> width >> height >> white;
  file.get();
  if (magic != "P5" || width != INPUT_W || height != INPUT_H || white != 255 ||
      !file.read(reinterpret_cast<char*>(buffer), INPUT_H * INPUT_W)) {
    std::cerr << name << ": not a 28x28 PGM\n";
    std::exit(EXIT_FAILURE);
  }
}

// Builds an engine from a Caffe model and serializes it.
void caffeToGIEModel(const std::string& deployFile, const std::string& modelFile,
                     const std::vector<std::string>& outputs, unsigned int maxBatchSize,
                     IHostMemory*& gieModelStream) {
  IBuilder* builder = createInferBuilder(gLogger);

  // Parse the model into a network, and say which tensors come out.
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  const bool useFp16 = builder->platformHasFastFp16();
  const IBlobNameToTensor* blobNameToTensor =
      parser->parse(locateFile(deployFile).c_str(), locateFile(modelFile).c_str(), *network,
                    useFp16 ? DataType::kHALF : DataType::kFLOAT);
  if (!blobNameToTensor) std::exit(EXIT_FAILURE);
  for (const std::string& output : outputs)
    network->markOutput(*blobNameToTensor->find(output.c_str()));

  builder->setMaxBatchSize(static_cast<int>(maxBatchSize));
  builder->setMaxWorkspaceSize(1 << 20);
  if (useFp16) builder->setHalf2Mode(true);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  if (!engine) std::exit(EXIT_FAILURE);

  network->destroy();
  parser->destroy();
  gieModelStream = engine->serialize();
  engine->destroy();
  builder->destroy();
  shutdownProtobufLibrary();
}

void doInference(IExecutionContext& context, float* input, float* output, int batchSize) {
  const ICudaEngine& engine = context.getEngine();
  assert(engine.getNbBindings() == 2);
  void* buffers[2];
  const int inputIndex = engine.getBindingIndex(INPUT_BLOB_NAME);
  const int outputIndex = engine.getBindingIndex(OUTPUT_BLOB_NAME);
  const size_t inputBytes = batchSize * INPUT_H * INPUT_W * sizeof(float);
  const size_t outputBytes = batchSize * OUTPUT_SIZE * sizeof(float);
  CHECK(cudaMalloc(&buffers[inputIndex], inputBytes));
  CHECK(cudaMalloc(&buffers[outputIndex], outputBytes));

  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaMemcpyAsync(buffers[inputIndex], input, inputBytes, cudaMemcpyHostToDevice, stream));
  if (!context.enqueue(batchSize, buffers, stream, nullptr)) std::exit(EXIT_FAILURE);
  CHECK(cudaMemcpyAsync(output, buffers[outputIndex], outputBytes, cudaMemcpyDeviceToHost, stream));
  CHECK(cudaStreamSynchronize(stream));

  CHECK(cudaStreamDestroy(stream));
  CHECK(cudaFree(buffers[inputIndex]));
  CHECK(cudaFree(buffers[outputIndex]));
}

// The picture minus the mean of the training's pictures.
static void subtractMean(const uint8_t* picture, float* data) {
  ICaffeParser* parser = createCaffeParser();
  IBinaryProtoBlob* meanBlob = parser->parseBinaryProto(locateFile("mean.binaryproto").c_str());
  parser->destroy();
  if (!meanBlob) std::exit(EXIT_FAILURE);
  const float* meanData = static_cast<const float*>(meanBlob->getData());
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    data[i] = static_cast<float>(picture[i]) - meanData[i];
  meanBlob->destroy();
}

int main(int argc, char** argv) {
  if (argc > 1) directories.insert(directories.begin(), std::string(argv[1]) + "/");
  std::srand(static_cast<unsigned>(std::time(nullptr)));
  const int digit = argc > 2 ? std::atoi(argv[2]) : std::rand() % 10;

  IHostMemory* gieModelStream{nullptr};
  caffeToGIEModel("deploy.prototxt", "snapshot_iter_880.caffemodel",
                  std::vector<std::string>{OUTPUT_BLOB_NAME}, 1, gieModelStream);

  uint8_t picture[INPUT_H * INPUT_W];
  readPGMFile(locateFile(std::to_string(digit) + ".pgm"), picture);
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    std::cout << " .:-=+*#%@"[picture[i] / 26] << ((i + 1) % INPUT_W ? "" : "\n");
  float data[INPUT_H * INPUT_W];
  subtractMean(picture, data);

  IRuntime* runtime = createInferRuntime(gLogger);
  ICudaEngine* engine =
      runtime->deserializeCudaEngine(gieModelStream->data(), gieModelStream->size(), nullptr);
  gieModelStream->destroy();
  if (!engine) return EXIT_FAILURE;
  IExecutionContext* context = engine->createExecutionContext();

  float prob[OUTPUT_SIZE];
  doInference(*context, data, prob, 1);

  context->destroy();
  engine->destroy();
  runtime->destroy();

  const int best = static_cast<int>(std::max_element(prob, prob + OUTPUT_SIZE) - prob);
  for (int i = 0; i < OUTPUT_SIZE; i++)
    std::cout << i << ": " << std::fixed << std::setprecision(4) << prob[i] << " "
              << std::string(static_cast<size_t>(prob[i] * 40 + 0.5f), '*') << "\n";
  std::cout << "it is a " << best
            << (best == digit ? "" : ", it should be a " + std::to_string(digit)) << "\n";
  return best == digit ? EXIT_SUCCESS : EXIT_FAILURE;
}
