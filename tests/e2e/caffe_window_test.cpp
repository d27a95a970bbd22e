// Windows at the edges, in numbers: Caffe's pooling and LRN written down naively against the
// imported layer, through the reference evaluator and through an engine.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/import.h"

namespace tenfold::test {
namespace {

struct Plane {
  int64_t height, width;
  std::vector<double> values;
  double at(int64_t y, int64_t x) const { return values[static_cast<size_t>(y * width + x)]; }
};

struct Window {
  int64_t kernel, stride, pad;
  bool average, floor;
};

int64_t pooled_size(int64_t in, const Window& w) {
  const double room =
      static_cast<double>(in + 2 * w.pad - w.kernel) / static_cast<double>(w.stride);
  auto out = static_cast<int64_t>(w.floor ? std::floor(room) : std::ceil(room)) + 1;
  if (w.pad > 0 && (out - 1) * w.stride >= in + w.pad) --out;
  return out;
}

Plane pool(const Plane& in, const Window& w) {
  Plane out{pooled_size(in.height, w), pooled_size(in.width, w), {}};
  for (int64_t y = 0; y < out.height; ++y)
    for (int64_t x = 0; x < out.width; ++x) {
      int64_t top = y * w.stride - w.pad, left = x * w.stride - w.pad;
      int64_t bottom = std::min(top + w.kernel, in.height + w.pad);
      int64_t right = std::min(left + w.kernel, in.width + w.pad);
      const double size = static_cast<double>((bottom - top) * (right - left));
      top = std::max<int64_t>(top, 0), left = std::max<int64_t>(left, 0);
      bottom = std::min(bottom, in.height), right = std::min(right, in.width);
      double sum = 0, largest = -INFINITY;
      for (int64_t i = top; i < bottom; ++i)
        for (int64_t k = left; k < right; ++k) {
          sum += in.at(i, k);
          largest = std::max(largest, in.at(i, k));
        }
      out.values.push_back(w.average ? sum / size : largest);
    }
  return out;
}

Plane random_plane(int64_t height, int64_t width, std::mt19937& random) {
  Plane plane{height, width, {}};
  std::normal_distribution<float> normal;
  for (int64_t k = 0; k < height * width; ++k) plane.values.push_back(normal(random));
  return plane;
}

void expect_layer(const std::string& layer, const Plane& in, const Plane& want) {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: " + std::to_string(in.height) +
      " input_dim: " + std::to_string(in.width) + " layer { name: 'l' bottom: 'data' top: 'out' " +
      layer + " }";
  ImportOptions options;
  options.raw_input = true;
  const ImportedModel m = import_model_memory({{"net.prototxt", text}}, options);
  ASSERT_FALSE(m.failed) << text;
  const Tensor x = Tensor::of(DType::kF32, {1, 1, in.height, in.width}, in.values);
  const Tensor reference = evaluate_reference(m.graph, {{"data", x}}).at(0);
  const auto device = open_device(DeviceRef::parse("cpu"));
  CompileOptions compile_options;
  compile_options.timing = false;
  const auto engine =
      Engine::create(compile(m.graph, device->target(), compile_options, device.get()), device);
  const Tensor out = engine->create_context()->run({{"data", x}}).at("out");
  ASSERT_EQ(reference.dims(), (Extents{1, 1, want.height, want.width})) << text;
  ASSERT_EQ(out.dims(), reference.dims()) << text;
  for (int64_t k = 0; k < out.count(); ++k) {
    const double ref = want.values[static_cast<size_t>(k)];
    EXPECT_NEAR(reference.at(k), ref, 1e-5 + 1e-5 * std::abs(ref)) << text << " at " << k;
    EXPECT_NEAR(out.at(k), ref, 1e-5 + 1e-5 * std::abs(ref)) << text << " at " << k << ", engine";
  }
}

TEST(CaffeWindow, Pooling) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int cases = 0;
  for (const int64_t kernel : {2, 3, 5})
    for (const int64_t stride : {1, 2, 3})
      for (const int64_t pad : {0, 1, 2})
        for (const bool average : {false, true})
          for (const bool floor : {false, true}) {
            if (pad >= kernel || stride > kernel) continue;
            const int64_t height = std::uniform_int_distribution<int64_t>(kernel, 13)(random);
            const int64_t width = std::uniform_int_distribution<int64_t>(kernel, 13)(random);
            const Window w{kernel, stride, pad, average, floor};
            const Plane in = random_plane(height, width, random);
            expect_layer(
                "type: 'Pooling' pooling_param { pool: " + std::string(average ? "AVE" : "MAX") +
                    " kernel_size: " + std::to_string(kernel) +
                    " stride: " + std::to_string(stride) + " pad: " + std::to_string(pad) +
                    (floor ? " round_mode: FLOOR }" : " }"),
                in, pool(in, w));
            ++cases;
          }
  EXPECT_GE(cases, 60);
}

TEST(CaffeWindow, LrnWithinAChannel) {
  std::mt19937 random(7);
  const Plane in = random_plane(7, 9, random);
  Plane squares = in;
  for (double& v : squares.values) v *= v;
  const Plane mean = pool(squares, {3, 1, 1, true, false});
  Plane want = in;
  for (size_t k = 0; k < want.values.size(); ++k)
    want.values[k] *= std::pow(1 + 0.5 * mean.values[k], -0.75);
  expect_layer(
      "type: 'LRN' lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 norm_region: WITHIN_CHANNEL }",
      in, want);
}

}  // namespace
}  // namespace tenfold::test
