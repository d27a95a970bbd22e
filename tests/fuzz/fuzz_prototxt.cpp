// Fuzz target: any bytes as a network's text, imported without weights.
#include <cstdint>

#include "tenfold/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenfold;
  if (size > 1 << 16) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  ImportOptions options;
  options.raw_input = size % 2 == 0;
  if (!options.raw_input) options.mean = "104,117,123";
  const ImportedModel model = import_model_memory({{"net.prototxt", text}}, options);
  for (const Diagnostic& d : model.diagnostics.all()) (void)d.str();
  if (!model.failed && verify(model.graph).error_count() > 0) __builtin_trap();
  return 0;
}
