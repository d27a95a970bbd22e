// Caffe models with recorded outputs: import, the reference evaluator, and a compiled engine on the
// CPU against what another engine computed. Needs the shared models; skips without them.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/import.h"
#include "tenfold/io.h"

namespace tenfold::test {
namespace {

namespace fs = std::filesystem;

const std::string kModels = std::string(TENFOLD_SHARED_DIR) + "/models/";

#define NEED(path) \
  if (!fs::exists(path)) GTEST_SKIP() << (path) << " is not at hand"

std::string report(const ImportedModel& model) {
  std::string text;
  for (const Diagnostic& d : model.diagnostics.all()) text += d.str() + "\n";
  return text;
}

// |out - ref| <= tolerance * the largest |ref|.
void expect_near(const Tensor& out, const Tensor& ref, double tolerance, const std::string& what) {
  ASSERT_EQ(out.count(), ref.count()) << what;
  double largest = 0, worst = 0;
  for (int64_t k = 0; k < ref.count(); ++k) {
    largest = std::max(largest, std::abs(ref.at(k)));
    const double error = std::abs(out.at(k) - ref.at(k));
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  EXPECT_LE(worst, tolerance * largest + 1e-6) << what << ": largest value " << largest;
}

using Tensors = std::map<std::string, Tensor>;

// Runs a model through the evaluator and through an engine; both have to match `refs`.
void check(const ImportedModel& model, const Tensors& inputs, const Tensors& refs,
           double tolerance) {
  ASSERT_FALSE(model.failed) << report(model);
  const std::vector<Tensor> evaluated = evaluate_reference(model.graph, inputs);
  const std::shared_ptr<Device> device = open_device(DeviceRef::parse("cpu"));
  CompileOptions options;
  options.timing = false;
  Plan plan = compile(model.graph, device->target(), options, device.get());
  const auto engine = Engine::create(std::move(plan), device);
  const auto outputs = engine->create_context()->run(inputs);
  size_t found = 0;
  for (size_t k = 0; k < model.graph.outputs().size(); ++k) {
    const std::string& name = model.graph.outputs()[k].name;
    const auto ref = refs.find(name);
    if (ref == refs.end()) continue;
    ++found;
    expect_near(evaluated[k], ref->second, tolerance, name + " (reference)");
    expect_near(outputs.at(name), ref->second, tolerance, name + " (engine)");
    expect_near(outputs.at(name), evaluated[k], 1e-4, name + " (engine against reference)");
  }
  EXPECT_EQ(found, refs.size());
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

struct Case {
  std::string prototxt, caffemodel, ref;
  std::vector<std::string> outputs;
  std::vector<std::pair<std::string, std::string>> edits = {};  // of the text: other input sizes
  bool reversed = false;  // the recorded input has its channels the other way round
};

class CaffeReference : public testing::TestWithParam<Case> {};

Tensor reversed_channels(const Tensor& x) {
  Tensor y(DType::kF32, x.dims());
  const int64_t channels = x.dims()[1], plane = x.count() / (x.dims()[0] * channels);
  for (int64_t k = 0; k < x.count(); ++k) {
    const int64_t c = k / plane % channels;
    const int64_t other = k + (channels - 1 - 2 * c) * plane;
    y.as_mutable<float>()[static_cast<size_t>(k)] = static_cast<float>(x.at(other));
  }
  return y;
}

TEST_P(CaffeReference, Matches) {
  const Case& c = GetParam();
  NEED(kModels + c.prototxt);
  std::string text = read_text(kModels + c.prototxt);
  for (const auto& [from, to] : c.edits) replace_all(text, from, to);
  ImportOptions options;
  options.raw_input = true;
  options.outputs = c.outputs;
  const ImportedModel model = import_model_memory(
      {{"net.prototxt", text}, {"net.caffemodel", read_text(kModels + c.caffemodel)}}, options);
  Tensor input = load_npy(kModels + c.ref + "/input_data.npy");
  if (c.reversed) input = reversed_channels(input);
  Tensors refs;
  for (const std::string& name : c.outputs)
    refs[name] = load_npy(kModels + c.ref + "/output_" + name + ".npy");
  check(model, {{"data", input}}, refs, 2e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Models, CaffeReference,
    testing::Values(Case{"caffe-cifar10-quick-scar/cifar10_quick.prototxt",
                         "caffe-cifar10-quick-scar/cifar10_impact_scar_quick_iter_10000.caffemodel",
                         "caffe-cifar10-quick-scar/ref/cat",
                         {"prob"}},
                    Case{"caffe-hyperlpr-ssd/HorizonalFinemapping.prototxt",
                         "caffe-hyperlpr-ssd/HorizonalFinemapping.caffemodel",
                         "caffe-hyperlpr-ssd/ref/finemapping",
                         {"relu4"}},
                    Case{"caffe-wechat-qrcode/sr.prototxt",
                         "caffe-wechat-qrcode/sr.caffemodel",
                         "caffe-wechat-qrcode/ref/sr",
                         {"fc"},
                         {{"dim: 224\n      dim: 224", "dim: 64\n      dim: 80"}}},
                    Case{"mxnet-caffe-mtcnn/model/det1.prototxt",
                         "mxnet-caffe-mtcnn/model/det1.caffemodel",
                         "mxnet-caffe-mtcnn/ref/det1",
                         {"conv4-2", "prob1"},
                         {{"input_dim: 12\ninput_dim: 12", "input_dim: 48\ninput_dim: 60"}}},
                    Case{"mxnet-caffe-mtcnn/model/det2.prototxt",
                         "mxnet-caffe-mtcnn/model/det2.caffemodel",
                         "mxnet-caffe-mtcnn/ref/det2",
                         {"conv5-2", "prob1"}},
                    Case{"xfw-samplenet/test_models/SampLeNet.prototxt",
                         "xfw-samplenet/test_models/SampLeNet.caffemodel",
                         "xfw-samplenet/ref/1",
                         {"fc3"},
                         {},
                         true}),
    [](const auto& info) {
      std::string name = fs::path(info.param.ref).filename();
      for (char& ch : name)
        if (!std::isalnum(static_cast<unsigned char>(ch))) ch = '_';
      return name;
    });

// ---- inputs rebuilt from pictures
// ----------------------------------------------------------------

// OpenCV's bilinear resize of 8-bit pictures: no antialiasing, 11-bit weights.
Tensor resize_as_opencv(const Tensor& image, int64_t height, int64_t width) {
  const int64_t h = image.dims()[0], w = image.dims()[1], channels = image.dims()[2];
  struct Tap {
    int64_t a = 0, b = 0;
    int wa = 0, wb = 0;
  };
  auto taps = [](int64_t from, int64_t to) {
    std::vector<Tap> all;
    for (int64_t k = 0; k < to; ++k) {
      const double scale = static_cast<double>(from) / static_cast<double>(to);
      const auto at = static_cast<float>((static_cast<double>(k) + 0.5) * scale - 0.5);
      auto first = static_cast<int64_t>(std::floor(at));
      float part = at - static_cast<float>(first);
      if (first < 0) first = 0, part = 0;
      if (first >= from - 1) first = from - 1, part = 0;
      all.push_back({first, std::min(first + 1, from - 1),
                     static_cast<int>(std::lrint((1 - part) * 2048)),
                     static_cast<int>(std::lrint(part * 2048))});
    }
    return all;
  };
  const std::vector<Tap> rows = taps(h, height), columns = taps(w, width);
  Tensor out(DType::kU8, {height, width, channels});
  const auto pixel = [&](int64_t y, int64_t x, int64_t c) {
    return static_cast<int>(image.as<uint8_t>()[static_cast<size_t>((y * w + x) * channels + c)]);
  };
  size_t at = 0;
  for (const Tap& r : rows)
    for (const Tap& t : columns)
      for (int64_t c = 0; c < channels; ++c) {
        const int top = pixel(r.a, t.a, c) * t.wa + pixel(r.a, t.b, c) * t.wb;
        const int low = pixel(r.b, t.a, c) * t.wa + pixel(r.b, t.b, c) * t.wb;
        const int sum = ((r.wa * (top >> 4)) >> 16) + ((r.wb * (low >> 4)) >> 16);
        out.as_mutable<uint8_t>()[at++] = static_cast<uint8_t>((sum + 2) >> 2);
      }
  return out;
}

// u8[H,W,3] RGB to f32[1,3,H,W] of (x - mean) / divisor.
Tensor planar(const Tensor& image, bool bgr, const std::vector<double>& mean, double divisor) {
  const int64_t plane = image.dims()[0] * image.dims()[1];
  Tensor out(DType::kF32, {1, 3, image.dims()[0], image.dims()[1]});
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t k = 0; k < plane; ++k)
      out.as_mutable<float>()[static_cast<size_t>(c * plane + k)] = static_cast<float>(
          (image.at(k * 3 + (bgr ? 2 - c : c)) - mean[static_cast<size_t>(c)]) / divisor);
  return out;
}

std::string unpacked(const std::string& path) {
  std::string bytes;
  FILE* pipe = popen(("xz -dc '" + path + "'").c_str(), "r");
  if (!pipe) return bytes;
  std::vector<char> block(1 << 16);
  for (size_t n; (n = fread(block.data(), 1, block.size(), pipe)) > 0;)
    bytes.append(block.data(), n);
  pclose(pipe);
  return bytes;
}

class SqueezeNet : public testing::TestWithParam<std::string> {};

TEST_P(SqueezeNet, NamesThePicture) {
  const std::string base = kModels + "caffe-squeezenet-compressed/";
  NEED(base);
  const std::string weights = unpacked(base + "SqueezeNet_v1.0_decoded.caffemodel.xz");
  if (weights.empty()) GTEST_SKIP() << "xz is not at hand";
  ImportOptions options;
  options.raw_input = true;
  const ImportedModel model =
      import_model_memory({{"net.prototxt", read_text(base + "SqueezeNet_deploy.prototxt")},
                           {"net.caffemodel", weights}},
                          options);
  const std::string stem = fs::path(GetParam()).stem();
  const Tensor picture =
      resize_as_opencv(load_image(kModels + "inputs/photos/" + GetParam()), 227, 227);
  const Tensor ref = load_npy(base + "ref/" + stem + "/output_pool_final.npy");
  check(model, {{"data", planar(picture, true, {104, 117, 123}, 1)}}, {{"pool_final", ref}}, 2e-3);
}

INSTANTIATE_TEST_SUITE_P(Pictures, SqueezeNet,
                         testing::Values("kitten_224.png", "black_bear.jpg", "vulture.jpeg"),
                         [](const auto& info) { return fs::path(info.param).stem().string(); });

TEST(UltraFace, MatchesItsRecording) {
  const std::string base = kModels + "xfw-ultraface/";
  NEED(base);
  ImportOptions options;
  options.raw_input = true;
  const ImportedModel model =
      import_model({base + "RFB-320.prototxt", base + "RFB-320.caffemodel"}, options);
  const Tensor picture = resize_as_opencv(load_image(base + "4.jpg"), 240, 320);
  const std::string ref = base + "ref/caffe-RFB-320/output_";
  check(model, {{"input", planar(picture, false, {127, 127, 127}, 128)}},
        {{"boxes", load_npy(ref + "boxes.npy")}, {"scores", load_npy(ref + "scores.npy")}}, 2e-3);
}

// ---- OpenCV's layer cases
// ------------------------------------------------------------------------

class OpenCvLayer : public testing::TestWithParam<std::string> {};

TEST_P(OpenCvLayer, Matches) {
  const std::string archive = kModels + "opencv_extra_dnn.tar.xz";
  NEED(archive);
  static const auto members = read_archive(archive);
  const fs::path folder = fs::temp_directory_path() / ("tenfold-e2e-" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::string prototxt, caffemodel;
  std::map<std::string, Tensor> arrays;
  for (const auto& [name, bytes] : members) {
    const std::string base = fs::path(name).filename();
    if (name.find("/layers/") == std::string::npos) continue;
    if (base == GetParam() + ".prototxt") prototxt = bytes;
    if (base == GetParam() + ".caffemodel") caffemodel = bytes;
    const bool own = base.rfind(GetParam() + ".", 0) == 0 || base == "blob.npy";
    if (!own || fs::path(base).extension() != ".npy") continue;
    std::ofstream(folder / base, std::ios::binary) << bytes;
    arrays[base] = load_npy((folder / base).string());
  }
  fs::remove_all(folder);
  ASSERT_FALSE(prototxt.empty());
  std::vector<std::pair<std::string, std::string>> files = {{"net.prototxt", prototxt}};
  if (!caffemodel.empty()) files.emplace_back("net.caffemodel", caffemodel);
  ImportOptions options;
  options.raw_input = true;
  const ImportedModel model = import_model_memory(files, options);
  ASSERT_FALSE(model.failed) << report(model);
  Tensors inputs;
  for (const ValueId id : model.graph.inputs()) {
    const std::string& name = model.graph.value(id).name;
    const std::string index = name.rfind("input_", 0) == 0 ? "." + name : ".input";
    const auto own = arrays.find(GetParam() + index + ".npy");
    inputs[name] = own != arrays.end() ? own->second : arrays.at("blob.npy");
  }
  check(model, inputs, {{model.graph.outputs()[0].name, arrays.at(GetParam() + ".npy")}}, 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Cases, OpenCvLayer,
                         testing::Values("conv_2_inps", "layer_batch_norm_local_stats",
                                         "layer_concat", "layer_convolution", "layer_dropout",
                                         "layer_eltwise", "layer_inner_product",
                                         "layer_lrn_channels", "layer_mvn", "layer_prelu",
                                         "layer_prelu_fc", "layer_relu", "layer_softmax"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tenfold::test
