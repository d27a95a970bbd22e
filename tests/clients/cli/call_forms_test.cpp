// Forms of a call: where options may stand, what is said before work is done, which device a plan
// gets.
#include <nlohmann/json.hpp>

#include "tenfold/device.h"
#include "tenfold/io.h"
#include "tests/clients/cli/cli_support.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

using test::Cli, test::kDigits, test::Outcome;
namespace fs = std::filesystem;

const std::string kModel = kDigits + "digits.tar.gz";
const std::string kCpu = " --device cpu --no-timing ";

// A value ends an option: what follows is the model, or the next option.
TEST_F(Cli, OptionsMayStandBeforeTheModel) {
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {1, 1, 28, 28}, 7));
  for (const std::string& call :
       {"build --batch 1,4 " + kModel + kCpu + "-o " + path("a.plan"),
        "build --batch=1 --batch=4 " + kModel + kCpu + "-o " + path("b.plan"),
        "run --raw-input --tap conv1 --input data=" + path("x.npy") + " " + kModel + kCpu +
            "--output-dir " + path("o"),
        "check --output ip2 " + kModel + kCpu, "check --without onednn. " + kModel + kCpu,
        "check --raw-input --shape data=2,1,28,28 " + kModel + kCpu,
        "classify --batch 1,2 " + kModel + " " + kDigits + "pictures/3-0.png" + kCpu}) {
    const Outcome o = tenfold(call);
    EXPECT_EQ(o.status, 0) << call << "\n" << o.err;
  }
  EXPECT_EQ(read_file(path("a.plan")), read_file(path("b.plan")));
  EXPECT_TRUE(fs::exists(path("o") + "/conv1.npy"));
}

TEST_F(Cli, BatchSizesAreNumbersAndFitThePlan) {
  const std::string build = "build " + kModel + kCpu + "-o " + path("d.plan");
  for (const char* sizes : {"1,,4", "4,", ",4", "4x", "-1", "0", "99999999999999999999"})
    EXPECT_EQ(tenfold(build + " --batch=" + sizes).status, 2) << sizes;
  ASSERT_EQ(tenfold(build + " --batch 1,4").status, 0);
  const Outcome o = tenfold("bench " + path("d.plan") + " --device cpu --batch 5");
  EXPECT_EQ(o.status, 2) << o.err;
  EXPECT_NE(o.err.find("at most 4"), std::string::npos) << o.err;
}

// Compiling may take minutes: a file that is not there is said before.
TEST_F(Cli, MissingInputsAreSaidBeforeCompiling) {
  const Outcome o = tenfold("run " + kModel + kCpu + "--raw-input --progress lines --input data=" +
                            path("none.npy") + " --output-dir " + path("o"));
  EXPECT_EQ(o.status, 4);
  EXPECT_NE(o.err.find("none.npy"), std::string::npos) << o.err;
  EXPECT_EQ(o.err.find("emitting"), std::string::npos) << o.err;
}

TEST_F(Cli, ADamagedPictureHidesNoOther) {
  const std::string png = read_file(kDigits + "pictures/3-0.png");
  write_file_atomic(path("cut.png"), std::string_view(png).substr(0, png.size() / 2));
  write("no.png", "no picture");
  const Outcome o = tenfold("classify " + kModel + " " + path("cut.png") + " " + kDigits +
                            "pictures/3-0.png " + path("no.png") + kCpu + "--json");
  EXPECT_EQ(o.status, 4);
  const auto doc = nlohmann::json::parse(o.out);
  ASSERT_EQ(doc["results"].size(), 1u);
  EXPECT_EQ(doc["results"][0]["top"][0]["index"], 3);
  EXPECT_EQ(doc["problems"].size(), 2u) << o.out;
  for (const char* name : {"cut.png", "no.png"})
    EXPECT_NE(o.err.find(name), std::string::npos) << o.err;
  const Outcome missing = tenfold("classify " + kModel + " " + path("p") + " " + path("q") + kCpu);
  EXPECT_EQ(missing.status, 4);
  for (const char* name : {"/p:", "/q:"})
    EXPECT_NE(missing.err.find(name), std::string::npos) << missing.err;
}

// The device is one that the plan was built for; where there is none, that is what is said.
TEST_F(Cli, APlanGetsADeviceOfItsKind) {
  const Outcome built =
      tenfold("build " + kModel + " -o " + path("g.plan") + " --target cuda:h200 --no-timing");
  if (built.status == 3) GTEST_SKIP() << "no plan for a GPU can be built here: " << built.err;
  ASSERT_EQ(built.status, 0) << built.err;
  for (const Backend* backend : backends())
    if (backend->kind() == "cuda" && backend->device_count() > 0)
      GTEST_SKIP() << "this machine has a GPU";
  for (const std::string verb : {"bench ", "check ", "run --list-taps "}) {
    const Outcome o = tenfold(verb + path("g.plan"));
    EXPECT_EQ(o.status, 7) << verb << o.err;
    EXPECT_NE(o.err.find("built for cuda"), std::string::npos) << o.err;
  }
}

}  // namespace
}  // namespace tenfold
