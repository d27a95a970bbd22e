#include "src/import/picture.h"

#include <fmt/format.h>

namespace tenfold {
namespace {

using Ints = std::vector<int64_t>;

// The center of a [C,H,W] mean, or the mean itself when it has the size already.
Tensor cropped(const Tensor& mean, int64_t height, int64_t width) {
  const int64_t c = mean.dims()[0], h = mean.dims()[1], w = mean.dims()[2];
  if (h == height && w == width) return mean;
  const int64_t top = (h - height) / 2, left = (w - width) / 2;
  Tensor out(DType::kF32, {c, height, width});
  const std::span<const float> from = mean.as<float>();
  const std::span<float> to = out.as_mutable<float>();
  size_t at = 0;
  for (int64_t k = 0; k < c; ++k)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        to[at++] = from[static_cast<size_t>((k * h + y + top) * w + x + left)];
  return out;
}

Tensor mean_operand(const PictureInput& picture, int64_t height, int64_t width) {
  const Extents& dims = picture.mean.dims();
  if (dims.size() == 1 && dims[0] == picture.channels)
    return picture.mean.reshaped({picture.channels, 1, 1});
  const bool of_picture = dims == Extents{picture.channels, picture.height, picture.width};
  const bool of_network = dims == Extents{picture.channels, height, width};
  if (!of_picture && !of_network)
    throw Error(Code::kInvalid,
                fmt::format("a mean of shape [{}] fits neither pictures of {}x{} nor "
                            "the network's {}x{}",
                            fmt::join(dims, ","), picture.height, picture.width, height, width));
  return cropped(picture.mean, height, width);
}

}  // namespace

ValueId add_picture_input(GraphBuilder& builder, const std::string& name, const Dim& batch,
                          int64_t height, int64_t width, const PictureInput& picture) {
  if (picture.height < height || picture.width < width)
    throw Error(Code::kInvalid,
                fmt::format("pictures of {}x{} are smaller than the network's input, "
                            "{}x{}",
                            picture.height, picture.width, height, width));
  auto node = [&](const std::string& op, std::vector<ValueId> inputs, Attrs attrs,
                  const char* what) {
    return builder.node(op, std::move(inputs), std::move(attrs), name + "." + what, {});
  };
  ValueId x = builder.input(
      name, DType::kU8, {batch, Dim(picture.height), Dim(picture.width), Dim(picture.channels)});
  x = node("Transpose", {x}, {{"perm", Ints{0, 3, 1, 2}}}, "planar");
  if (picture.height != height || picture.width != width) {
    const int64_t top = (picture.height - height) / 2, left = (picture.width - width) / 2;
    x = node("Slice", {x},
             {{"starts", Ints{top, left}},
              {"ends", Ints{top + height, left + width}},
              {"axes", Ints{2, 3}},
              {"steps", Ints{1, 1}}},
             "crop");
  }
  if (picture.swap_channels && picture.channels > 1) {
    const int64_t last = picture.channels - 1;
    x = node("Slice", {x},
             {{"starts", Ints{last}},
              {"ends", Ints{-picture.channels - 1}},
              {"axes", Ints{1}},
              {"steps", Ints{-1}}},
             "swap");
  }
  x = node("Cast", {x}, {{"to", std::string("f32")}}, "cast");
  if (picture.mean.defined())
    x = node("Sub",
             {x, builder.constant(name + ".mean_value", mean_operand(picture, height, width))}, {},
             "mean");
  if (picture.scale != 1)
    x = node(
        "Mul",
        {x, builder.constant(name + ".scale_value", Tensor::scalar(DType::kF32, picture.scale))},
        {}, "scale");
  builder.name_value(x, name + ".preprocessed");
  return x;
}

}  // namespace tenfold
