#include "src/import/digits/preprocess.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace tenfold::digits {
namespace {

struct Mean {
  Tensor value;      // undefined: none
  std::string note;  // "pixel (104,117,123) as asked"
};

Tensor pixel_of(const Tensor& mean) {
  if (mean.dims().size() == 1) return mean;
  const int64_t channels = mean.dims()[0], plane = mean.count() / channels;
  Tensor pixel(DType::kF32, {channels});
  const std::span<const float> from = mean.as<float>();
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (int64_t k = 0; k < plane; ++k) sum += from[static_cast<size_t>(c * plane + k)];
    pixel.as_mutable<float>()[static_cast<size_t>(c)] =
        static_cast<float>(sum / static_cast<double>(plane));
  }
  return pixel;
}

std::string text_of(const Tensor& pixel) {
  std::string text;
  for (const float v : pixel.as<float>()) text += fmt::format("{}{:g}", text.empty() ? "" : ",", v);
  return "(" + text + ")";
}

// `file`: which states them, for the message; empty: flags.
Tensor from_values(const std::vector<double>& values, int64_t channels, const std::string& file) {
  if (values.size() != 1 && static_cast<int64_t>(values.size()) != channels)
    throw Error(Code::kInvalid, fmt::format("{}{}{} mean values for {} channels", file,
                                            file.empty() ? "" : ": ", values.size(), channels));
  Tensor pixel(DType::kF32, {channels});
  for (int64_t c = 0; c < channels; ++c)
    pixel.as_mutable<float>()[static_cast<size_t>(c)] =
        static_cast<float>(values[values.size() == 1 ? 0 : static_cast<size_t>(c)]);
  return pixel;
}

std::vector<double> parse_values(const std::string& text) {
  std::vector<double> values;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    double value = 0;
    at = std::find_if(at, end, [](char c) { return c != ' '; });
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || (next < end && *next != ',') || values.size() == 64)
      throw Error(Code::kInvalid, fmt::format("'{}' is no mean", text),
                  {"auto, none, image, pixel, or values as 104,117,123"});
    values.push_back(value);
    at = next < end ? next + 1 : end;
  }
  return values;
}

class MeanChoice {
 public:
  MeanChoice(const PictureFacts& facts, const ImportOptions& options, const PictureInput& input,
             const Extents& dims)
      : facts_(facts), options_(options), input_(input), dims_(dims) {}

  Mean choose() const {
    const std::string& mode = options_.mean;
    if (mode == "none") return {{}, "none, as asked"};
    if (mode == "image") return image("as asked", true);
    if (mode == "pixel") return pixel("as asked");
    if (!mode.empty() && mode != "auto") {
      const Tensor value = from_values(parse_values(mode), input_.channels, "");
      return {value, fmt::format("values {} as asked", text_of(value))};
    }
    if (!options_.mean_file.empty()) return image("the file given", false);
    if (facts_.trained_with) return as_trained();
    if (facts_.mean.defined() || facts_.mean_error)
      return image("no train_val says otherwise", false);
    return {{}, "none: there is no mean file"};
  }

 private:
  bool fits() const {
    const Extents& d = facts_.mean.dims();
    return d == Extents{input_.channels, input_.height, input_.width} ||
           d == Extents{input_.channels, dims_[2], dims_[3]};
  }

  void need_file() const {
    if (facts_.mean_error) throw *facts_.mean_error;
    if (!facts_.mean.defined())
      throw Error(Code::kNotFound, "the mean is to be subtracted, but there is no mean file",
                  {"give one, or the values, or none"});
    if (facts_.mean.dims()[0] != input_.channels)
      throw Error(Code::kInvalid,
                  fmt::format("{} has {} channels, the network reads {}", facts_.mean_name,
                              facts_.mean.dims()[0], input_.channels));
  }

  Mean pixel(const std::string& why) const {
    need_file();
    const Tensor value = pixel_of(facts_.mean);
    return {value, fmt::format("pixel {} of {}: {}", text_of(value), facts_.mean_name, why)};
  }

  Mean image(const std::string& why, bool strictly) const {
    need_file();
    const Extents& d = facts_.mean.dims();
    if (fits()) return {facts_.mean, fmt::format("image of {}: {}", facts_.mean_name, why)};
    if (strictly)
      throw Error(Code::kInvalid,
                  fmt::format("the mean image [{}] fits neither pictures of {}x{} nor the "
                              "network's {}x{}",
                              fmt::join(d, ","), input_.height, input_.width, dims_[2], dims_[3]),
                  {"the mean pixel fits"});
    return pixel(d.size() == 1
                     ? why
                     : why + fmt::format("; its size [{}] fits no picture", fmt::join(d, ",")));
  }

  Mean as_trained() const {
    if (!facts_.mean_values.empty()) {
      const Tensor value = from_values(facts_.mean_values, input_.channels, facts_.trained_name);
      return {value, fmt::format("values {} of train_val's transform_param{}", text_of(value),
                                 facts_.subtracts_file ? ", not its mean_file too" : "")};
    }
    if (facts_.subtracts_file) return image("train_val's transform_param has a mean_file", false);
    return {{}, "none: train_val's transform_param has none"};
  }

  const PictureFacts& facts_;
  const ImportOptions& options_;
  const PictureInput& input_;
  const Extents& dims_;
};

// The color of the borders that two of DIGITS' resize modes add: the mean that is subtracted, else
// what is known of the data's; empty when nothing is. `mean` is in the network's channel order.
std::vector<int32_t> border_of(const PictureFacts& facts, const PictureInput& input) {
  Tensor mean = input.mean;
  if (!mean.defined() && facts.mean.defined() && facts.mean.dims()[0] == input.channels)
    mean = facts.mean;
  if (!mean.defined() && !facts.mean_values.empty())
    mean = from_values(facts.mean_values, input.channels, facts.trained_name);
  if (!mean.defined()) return {};
  const Tensor pixel = pixel_of(mean);
  std::vector<int32_t> color;
  for (const float v : pixel.as<float>())
    color.push_back(static_cast<int32_t>(std::lround(std::clamp(v, 0.0F, 255.0F))));
  if (input.swap_channels) std::reverse(color.begin(), color.end());
  return color;
}

bool has_flags(const ImportOptions& options) {
  return (!options.mean.empty() && options.mean != "auto" && options.mean != "none") ||
         !options.mean_file.empty() || options.scale != 0 || !options.channel_order.empty();
}

}  // namespace

std::optional<PictureDecision> decide(const PictureFacts& facts, const ImportOptions& options,
                                      const Extents& dims, Diagnostics& diagnostics) {
  if (options.raw_input || (!facts.package && !has_flags(options))) return std::nullopt;
  if (dims.size() != 4 || (dims[1] != 1 && dims[1] != 3)) {
    diagnostics.warn("",
                     "the network reads no pictures of one or three channels: nothing is done "
                     "before it");
    return std::nullopt;
  }
  if (dims[2] > 65536 || dims[3] > 65536)
    throw Error(Code::kInvalid,
                fmt::format("the network reads pictures of {}x{}", dims[2], dims[3]));
  if (!options.channel_order.empty() && options.channel_order != "rgb" &&
      options.channel_order != "bgr")
    throw Error(Code::kInvalid, fmt::format("channel order '{}' is unknown", options.channel_order),
                {"rgb or bgr"});
  PictureDecision d;
  d.input.channels = dims[1];
  d.input.height = facts.height > 0 ? facts.height : dims[2];
  d.input.width = facts.width > 0 ? facts.width : dims[3];
  std::string size;
  if (d.input.height < dims[2] || d.input.width < dims[3]) {
    size = fmt::format("; pictures of {}x{} as the network reads, not {}x{}", dims[2], dims[3],
                       d.input.height, d.input.width);
    d.input.height = dims[2];
    d.input.width = dims[3];
  } else if (d.input.height != dims[2] || d.input.width != dims[3]) {
    size =
        fmt::format("; the center {}x{} of {}x{}", dims[2], dims[3], d.input.height, d.input.width);
  }
  if (facts.channels > 0 && facts.channels != dims[1])
    diagnostics.warn("", fmt::format("info.json states {} channels, the network reads {}",
                                     facts.channels, dims[1]));
  const bool bgr = dims[1] == 3 && options.channel_order != "rgb";
  d.input.swap_channels = bgr;
  d.input.scale = options.scale != 0 ? options.scale : facts.trained_with ? facts.scale : 1;
  const Mean mean = MeanChoice(facts, options, d.input, dims).choose();
  d.input.mean = mean.value;
  d.preprocess.present = true;
  d.preprocess.channels = static_cast<int>(dims[1]);
  d.preprocess.bgr = false;  // the graph swaps: its input takes pictures as they are decoded
  d.preprocess.resize_height = static_cast<int>(d.input.height);
  d.preprocess.resize_width = static_cast<int>(d.input.width);
  if (!facts.resize_mode.empty()) d.preprocess.resize_mode = facts.resize_mode;
  if (d.preprocess.resize_mode == "fill" || d.preprocess.resize_mode == "half_crop") {
    d.preprocess.border = border_of(facts, d.input);
    size += d.preprocess.border.empty()
                ? "; borders: each picture's own mean color, in place of DIGITS' noise"
                : fmt::format("; borders: the mean color ({}), in place of DIGITS' noise",
                              fmt::join(d.preprocess.border, ","));
  }
  d.preprocess.note =
      fmt::format("mean: {}; scale: {:g}{}{}", mean.note, d.input.scale,
                  dims[1] == 3 ? (bgr ? "; channels: BGR" : "; channels: RGB") : "", size);
  return d;
}

}  // namespace tenfold::digits
