// TensorRT's plugin library: declared so that programs which name its layers compile. Tenfold has
// none of them yet: every create function logs that and answers null.
#pragma once

#include "NvInfer.h"

namespace nvinfer1 {

enum class PluginType : int {
  kFASTERRCNN = 0,
  kNORMALIZE = 1,
  kPERMUTE = 2,
  kPRIORBOX = 3,
  kSSDDETECTIONOUTPUT = 4,
  kCONCAT = 5,
  kPRELU = 6,
  kYOLOREORG = 7,
  kYOLOREGION = 8,
  kANCHORGENERATOR = 9
};
template <>
inline int EnumMax<PluginType>() {
  return 10;
}

namespace plugin {

// A plugin that the library made.
class INvPlugin : public IPlugin {
 public:
  virtual PluginType getPluginType() const = 0;
  virtual const char* getName() const = 0;
  virtual void destroy() = 0;

 protected:
  ~INvPlugin() override {}
};

typedef struct {
  int data[4];
} Quadruple;

struct PriorBoxParameters {
  float *minSize, *maxSize, *aspectRatios;
  int numMinSize, numMaxSize, numAspectRatios;
  bool flip, clip;
  float variance[4];
  int imgH, imgW;
  float stepH, stepW;
  float offset;
};

struct GridAnchorParameters {
  float minSize, maxSize;
  float* aspectRatios;
  int numAspectRatios, H, W;
  float variance[4];
};

enum class CodeTypeSSD : int { CORNER = 0, CENTER_SIZE = 1, CORNER_SIZE = 2, TF_CENTER = 3 };
typedef CodeTypeSSD CodeType_t;  // its name in TensorRT 3

// Without its last three fields, that of TensorRT 3.
struct DetectionOutputParameters {
  bool shareLocation, varianceEncodedInTarget;
  int backgroundLabelId, numClasses, topK, keepTopK;
  float confidenceThreshold, nmsThreshold;
  CodeTypeSSD codeType;
  int inputOrder[3];
  bool confSigmoid, isNormalized;
};

typedef struct {
  int* leaf;
  int n;
  int* parent;
  int* child;
  int* group;
  char** name;
  int groups;
  int* groupSize;
  int* groupOffset;
} softmaxTree;

struct RegionParameters {
  int num, coords, classes;
  softmaxTree* smTree;
};

struct NMSParameters {
  bool shareLocation;
  int backgroundLabelId, numClasses, topK, keepTopK;
  float scoreThreshold, iouThreshold;
  bool isNormalized;
};

// Each from its parameters, or from the bytes of an engine.
TENSORRTAPI INvPlugin* createFasterRCNNPlugin(int featureStride, int preNmsTop, int nmsMaxOut,
                                              float iouThreshold, float minBoxSize,
                                              float spatialScale, DimsHW pooling,
                                              Weights anchorRatios, Weights anchorScales);
TENSORRTAPI INvPlugin* createFasterRCNNPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createSSDNormalizePlugin(const Weights* scales, bool acrossSpatial,
                                                bool channelShared, float eps);
TENSORRTAPI INvPlugin* createSSDNormalizePlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createSSDPermutePlugin(Quadruple permuteOrder);
TENSORRTAPI INvPlugin* createSSDPermutePlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createSSDPriorBoxPlugin(PriorBoxParameters param);
TENSORRTAPI INvPlugin* createSSDPriorBoxPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createSSDAnchorGeneratorPlugin(GridAnchorParameters* param, int numLayers);
TENSORRTAPI INvPlugin* createSSDAnchorGeneratorPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createSSDDetectionOutputPlugin(DetectionOutputParameters param);
TENSORRTAPI INvPlugin* createSSDDetectionOutputPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createConcatPlugin(int concatAxis, bool ignoreBatch);
TENSORRTAPI INvPlugin* createConcatPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createPReLUPlugin(float negSlope);
TENSORRTAPI INvPlugin* createPReLUPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createYOLOReorgPlugin(int stride);
TENSORRTAPI INvPlugin* createYOLOReorgPlugin(const void* data, size_t length);
TENSORRTAPI INvPlugin* createYOLORegionPlugin(RegionParameters params);
TENSORRTAPI INvPlugin* createYOLORegionPlugin(const void* data, size_t length);

}  // namespace plugin

// TensorRT 2 has them here.
using plugin::createConcatPlugin;
using plugin::createFasterRCNNPlugin;
using plugin::createSSDDetectionOutputPlugin;
using plugin::createSSDNormalizePlugin;
using plugin::createSSDPermutePlugin;
using plugin::createSSDPriorBoxPlugin;
using plugin::INvPlugin;

}  // namespace nvinfer1

extern "C" {

TENSORRTAPI nvinfer1::IPluginV2* createRPNROIPlugin(int featureStride, int preNmsTop, int nmsMaxOut,
                                                    float iouThreshold, float minBoxSize,
                                                    float spatialScale, nvinfer1::DimsHW pooling,
                                                    nvinfer1::Weights anchorRatios,
                                                    nvinfer1::Weights anchorScales);
TENSORRTAPI nvinfer1::IPluginV2* createNormalizePlugin(const nvinfer1::Weights* scales,
                                                       bool acrossSpatial, bool channelShared,
                                                       float eps);
TENSORRTAPI nvinfer1::IPluginV2* createPriorBoxPlugin(nvinfer1::plugin::PriorBoxParameters param);
TENSORRTAPI nvinfer1::IPluginV2* createAnchorGeneratorPlugin(
    nvinfer1::plugin::GridAnchorParameters* param, int numLayers);
TENSORRTAPI nvinfer1::IPluginV2* createNMSPlugin(nvinfer1::plugin::DetectionOutputParameters param);
TENSORRTAPI nvinfer1::IPluginV2* createLReLUPlugin(float negSlope);
TENSORRTAPI nvinfer1::IPluginV2* createReorgPlugin(int stride);
TENSORRTAPI nvinfer1::IPluginV2* createRegionPlugin(nvinfer1::plugin::RegionParameters params);
TENSORRTAPI nvinfer1::IPluginV2* createClipPlugin(const char* layerName, float clipMin,
                                                  float clipMax);
TENSORRTAPI nvinfer1::IPluginV2* createBatchedNMSPlugin(nvinfer1::plugin::NMSParameters param);

// Registers the built-in plugins' creators: there are none, and the call succeeds.
TENSORRTAPI bool initLibNvInferPlugins(void* logger, const char* libNamespace);

}  // extern "C"
