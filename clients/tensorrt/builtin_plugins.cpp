// The plugin library's create functions: Tenfold has none of its plugins yet, and each says so.
#include "NvInferPlugin.h"
#include "log.h"

namespace tenfold::trt {
namespace {

std::nullptr_t none(const char* call) {
  last_log().error(
      std::string(call) +
      ": the plugins of TensorRT's plugin library do not exist here yet\n"
      "note: a class of the program's own that implements the layer as an IPlugin runs");
  return nullptr;
}

}  // namespace
}  // namespace tenfold::trt

using nvinfer1::DimsHW;
using nvinfer1::IPluginV2;
using nvinfer1::Weights;
using tenfold::trt::none;

namespace nvinfer1::plugin {

#define TENFOLD_NO_PLUGIN(name, ...)                   \
  INvPlugin* name(__VA_ARGS__) { return none(#name); } \
  INvPlugin* name(const void*, size_t) { return none(#name); }

TENFOLD_NO_PLUGIN(createFasterRCNNPlugin, int, int, int, float, float, float, DimsHW, Weights,
                  Weights)
TENFOLD_NO_PLUGIN(createSSDNormalizePlugin, const Weights*, bool, bool, float)
TENFOLD_NO_PLUGIN(createSSDPermutePlugin, Quadruple)
TENFOLD_NO_PLUGIN(createSSDPriorBoxPlugin, PriorBoxParameters)
TENFOLD_NO_PLUGIN(createSSDAnchorGeneratorPlugin, GridAnchorParameters*, int)
TENFOLD_NO_PLUGIN(createSSDDetectionOutputPlugin, DetectionOutputParameters)
TENFOLD_NO_PLUGIN(createConcatPlugin, int, bool)
TENFOLD_NO_PLUGIN(createPReLUPlugin, float)
TENFOLD_NO_PLUGIN(createYOLOReorgPlugin, int)
TENFOLD_NO_PLUGIN(createYOLORegionPlugin, RegionParameters)

#undef TENFOLD_NO_PLUGIN

}  // namespace nvinfer1::plugin

#define TENFOLD_NO_PLUGIN(name, ...) \
  IPluginV2* name(__VA_ARGS__) { return none(#name); }

extern "C" {

TENFOLD_NO_PLUGIN(createRPNROIPlugin, int, int, int, float, float, float, DimsHW, Weights, Weights)
TENFOLD_NO_PLUGIN(createNormalizePlugin, const Weights*, bool, bool, float)
TENFOLD_NO_PLUGIN(createPriorBoxPlugin, nvinfer1::plugin::PriorBoxParameters)
TENFOLD_NO_PLUGIN(createAnchorGeneratorPlugin, nvinfer1::plugin::GridAnchorParameters*, int)
TENFOLD_NO_PLUGIN(createNMSPlugin, nvinfer1::plugin::DetectionOutputParameters)
TENFOLD_NO_PLUGIN(createLReLUPlugin, float)
TENFOLD_NO_PLUGIN(createReorgPlugin, int)
TENFOLD_NO_PLUGIN(createRegionPlugin, nvinfer1::plugin::RegionParameters)
TENFOLD_NO_PLUGIN(createClipPlugin, const char*, float, float)
TENFOLD_NO_PLUGIN(createBatchedNMSPlugin, nvinfer1::plugin::NMSParameters)

}  // extern "C"
