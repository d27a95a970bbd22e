// What happens to a picture before the network: decided from flags, the package and the mean file.
#pragma once

#include <optional>

#include "src/import/picture.h"
#include "tenfold/import.h"

namespace tenfold::digits {

// What the package knows. `trained_with`: the network's training states how it transformed
// pictures.
struct PictureFacts {
  bool package = false;
  int64_t height = 0, width = 0, channels = 0;  // of the pictures; 0: unknown
  std::string resize_mode;
  bool trained_with = false;
  bool subtracts_file = false;          // transform_param.mean_file
  std::vector<double> mean_values;      // transform_param.mean_value
  double scale = 1;                     // transform_param.scale
  std::string trained_name;             // of the file that says so
  Tensor mean;                          // f32[C,H,W] or [C], if there is a mean file
  std::optional<Error> mean_error;      // why it could not be read
  std::string mean_name;                // where it came from
};

struct PictureDecision {
  PictureInput input;
  Preprocess preprocess;
};

// Decides for a network that reads [N,C,H,W] = `dims`. nullopt: no preprocessing (without package
// and flags, or a network that reads no pictures). Error{kInvalid, kNotFound} when flags cannot be
// met.
std::optional<PictureDecision> decide(const PictureFacts& facts, const ImportOptions& options,
                                      const Extents& dims, Diagnostics& diagnostics);

}  // namespace tenfold::digits
