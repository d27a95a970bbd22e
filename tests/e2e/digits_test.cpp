// The example package: stated accuracy, every picture, the plan file, the reference engine.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/import.h"
#include "tenfold/io.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

const std::string kDigits = std::string(TENFOLD_EXAMPLES_DIR) + "/digits/";

const ImportedModel& model() {
  static const ImportedModel m = import_model({kDigits + "digits.tar.gz"});
  return m;
}

Plan plan_of(const ImportedModel& m) {
  CompileOptions options;
  options.timing = false;
  options.labels = m.labels;
  options.preprocess = m.preprocess;
  return compile(m.graph, open_device({"cpu", 0})->target(), options);
}

int64_t best(const Tensor& scores, int64_t row, int64_t classes) {
  int64_t top = 0;
  for (int64_t k = 1; k < classes; ++k)
    if (scores.at(row * classes + k) > scores.at(row * classes + top)) top = k;
  return top;
}

TEST(Digits, ReachesTheStatedAccuracy) {
  ASSERT_FALSE(model().failed);
  const Tensor images = load_npy(kDigits + "heldout_images.npy");
  const Tensor labels = load_npy(kDigits + "heldout_labels.npy");
  const Tensor probs = load_npy(kDigits + "heldout_probs8.npy");
  const auto expected = nlohmann::json::parse(std::ifstream(kDigits + "expected.json"));
  const auto context = Engine::create(plan_of(model()), open_device({"cpu", 0}))->create_context();
  const int64_t n = images.dims()[0], size = images.count() / n;
  int64_t right = 0;
  for (int64_t at = 0; at < n; at += 60) {
    const int64_t batch = std::min<int64_t>(60, n - at);
    Tensor part(DType::kU8, {batch, images.dims()[1], images.dims()[2], images.dims()[3]});
    std::copy_n(static_cast<const uint8_t*>(images.data()) + at * size, batch * size,
                static_cast<uint8_t*>(part.mutable_data()));
    const Tensor scores = context->run({{"data", part}}).begin()->second;
    for (int64_t k = 0; k < batch; ++k)
      right += best(scores, k, 10) == static_cast<int64_t>(labels.at(at + k));
    for (int64_t k = 0; at == 0 && k < probs.count(); ++k)
      EXPECT_NEAR(scores.at(k), probs.at(k), 1e-5) << k;
  }
  EXPECT_EQ(n, expected.at("samples").get<int64_t>());
  EXPECT_EQ(right, expected.at("right").get<int64_t>());
}

TEST(Digits, EveryPictureIsNamedRight) {
  const Plan plan = plan_of(model());
  const auto context = Engine::create(plan, open_device({"cpu", 0}))->create_context();
  int pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kDigits + "pictures")) {
    const Tensor image = apply_preprocess(load_image(entry.path().string()), plan.preprocess);
    Extents dims{1};
    dims.insert(dims.end(), image.dims().begin(), image.dims().end());
    const Tensor scores = context->run({{"data", image.reshaped(dims)}}).begin()->second;
    EXPECT_EQ(plan.labels.at(static_cast<size_t>(best(scores, 0, 10))),
              entry.path().filename().string().substr(0, 1))
        << entry.path();
    ++pictures;
  }
  EXPECT_GE(pictures, 20);
}

TEST(Digits, ArchiveFormsAgree) {
  const ImportedModel zip = import_model({kDigits + "digits.zip"});
  ASSERT_FALSE(zip.failed);
  EXPECT_EQ(print(zip.graph), print(model().graph));
  EXPECT_EQ(zip.labels, model().labels);
}

TEST(Digits, PlanFileAnswersLikeThePlan) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "tenfold-digits-test.plan").string();
  const Plan plan = plan_of(model());
  plan.save(path);
  const Plan loaded = Plan::load(path, LoadOptions{true});
  EXPECT_TRUE(Plan::diff(plan, loaded).empty());
  EXPECT_EQ(loaded.labels, plan.labels);
  const auto cpu = open_device({"cpu", 0});
  Tensor image = test::random_tensor(DType::kU8, {3, 28, 28, 1}, 5);
  const Tensor a =
      Engine::create(plan, cpu)->create_context()->run({{"data", image}}).begin()->second;
  const Tensor b =
      Engine::create(loaded, cpu)->create_context()->run({{"data", image}}).begin()->second;
  test::expect_close(a, b, 0, 0);
  EngineOptions reference;
  reference.reference = true;
  const auto engine = Engine::create(loaded, cpu, reference);
  EXPECT_TRUE(engine->messages().empty());
  test::expect_close(b, engine->create_context()->run({{"data", image}}).begin()->second, 1e-6,
                     1e-5);
  std::filesystem::remove(path);
}

TEST(Digits, RawInputLeavesPreprocessingOut) {
  ImportOptions options;
  options.raw_input = true;
  const ImportedModel raw = import_model({kDigits + "digits.tar.gz"}, options);
  ASSERT_FALSE(raw.failed);
  const ValueId input = raw.graph.inputs().front();
  EXPECT_EQ(raw.graph.type(input).str(), "f32[N,1,28,28]");
}

}  // namespace
}  // namespace tenfold
