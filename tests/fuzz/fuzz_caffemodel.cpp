// Fuzz target: any bytes as the weights of a small network that has a layer of every kind with
// blobs.
#include <cstdint>

#include "tenfold/import.h"

namespace {

const char* const kNet = R"(
input: "data" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
        convolution_param { num_output: 2 kernel_size: 3 pad: 1 } }
layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "p" type: "PReLU" bottom: "c" top: "c" }
layer { name: "d" type: "Deconvolution" bottom: "c" top: "d"
        convolution_param { num_output: 2 kernel_size: 2 stride: 2 } }
layer { name: "i" type: "InnerProduct" bottom: "d" top: "i" inner_product_param { num_output: 3 } }
layer { name: "m" type: "Softmax" bottom: "i" top: "m" }
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenfold;
  if (size > 1 << 16) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ImportOptions options;
  options.raw_input = true;
  options.random_weights = size % 2 == 0;
  const ImportedModel model =
      import_model_memory({{"net.prototxt", kNet}, {"net.caffemodel", bytes}}, options);
  for (const Diagnostic& d : model.diagnostics.all()) (void)d.str();
  if (!model.failed && verify(model.graph).error_count() > 0) __builtin_trap();
  return 0;
}
