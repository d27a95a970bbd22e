// Forms of a call: where options may stand, what is said before work is done, which device a plan
// gets.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tenfold/device.h"
#include "tenfold/io.h"
#include "tests/clients/cli/cli_support.h"
#include "tests/support/random_tensor_support.h"
#include "tests/support/sanitizers.h"

namespace tenfold {
namespace {

using test::Cli, test::kDigits, test::Outcome;
namespace fs = std::filesystem;

const std::string kModel = kDigits + "digits.tar.gz";
const std::string kCpu = " --device cpu --no-timing ";
const std::string kRandomJson = "--json --random-weights";

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

TEST_F(Cli, PathsMayHoldEqualSigns) {
  ASSERT_EQ(tenfold("build " + kModel + kCpu + "-o " + path("d.plan")).status, 0);
  fs::create_directories(path("lr=0.1"));
  save_npy(path("lr=0.1/a=b.npy"), Tensor::zeros(DType::kU8, {1, 28, 28, 1}));
  const std::string run = "run " + path("d.plan") + kCpu + "--output-dir " + path("o");
  for (const std::string name : {"data=", ""}) {
    const Outcome o = tenfold(run + " --input " + name + path("lr=0.1/a=b.npy"));
    EXPECT_EQ(o.status, 0) << o.err;
  }
  const Outcome none = tenfold(run + " --input data=" + path("lr=0.1/none.npy"));
  EXPECT_EQ(none.status, 4);
  EXPECT_NE(none.err.find(path("lr=0.1/none.npy")), std::string::npos) << none.err;
}

#if !TENFOLD_ASAN && !TENFOLD_TSAN  // which need more addresses than any limit here
TEST_F(Cli, ThreadsThatCannotBeStartedAreSaid) {
  const Outcome o =
      tenfold("classify " + kModel + kCpu + "--threads 4000 " + kDigits + "pictures/3-0.png",
              "ulimit -v 400000; ");
  EXPECT_EQ(o.status, 6) << o.err;
  EXPECT_NE(o.err.find("4000 threads cannot be started"), std::string::npos) << o.err;
}
#endif

// A score a class and position: labels are the classes', not the first positions'.
TEST_F(Cli, MapsOfScoresNameClassAndPosition) {
  write("n.prototxt",
        "input: 'd' input_shape { dim: 1 dim: 3 dim: 4 dim: 5 }\n"
        "layer { name: 's' type: 'Power' bottom: 'd' top: 's' power_param { scale: 0.01 } }\n");
  write("weights.dat", "\x0a\x01n");  // an empty network under a name of its own
  write("labels.txt", "cat\ndog\nbird\n");
  Tensor picture(DType::kU8, {4, 5, 3});
  std::memset(picture.mutable_data(), 0, static_cast<size_t>(picture.bytes()));
  picture.as_mutable<uint8_t>()[(2 * 5 + 3) * 3 + 1] = 200;
  write("p.ppm", "P6\n5 4\n255\n" + std::string(static_cast<const char*>(picture.data()),
                                                static_cast<size_t>(picture.bytes())));
  const Outcome o = tenfold("classify " + path("n.prototxt") + " " + path("weights.dat") + " " +
                            path("p.ppm") + kCpu + "--json --labels " + path("labels.txt"));
  ASSERT_EQ(o.status, 0) << o.err;
  const auto top = nlohmann::json::parse(o.out)["results"][0]["top"][0];
  EXPECT_EQ(top["label"], "dog at (2,3)");
  EXPECT_EQ(top["index"], 20 + 2 * 5 + 3);
  EXPECT_NE(o.err.find("is a map"), std::string::npos) << o.err;
}

// Networks with side classifiers have several outputs; their own scores come last.
TEST_F(Cli, TheLastOutputNamesThePicture) {
  write("n.prototxt",
        "input: 'd' input_shape { dim: 1 dim: 3 dim: 1 dim: 1 }\n"
        "layer { name: 'side' type: 'Power' bottom: 'd' top: 'side' power_param { scale: -1 } }\n"
        "layer { name: 's' type: 'Power' bottom: 'd' top: 's' power_param { scale: 0.01 } }\n");
  const Outcome o = tenfold("classify " + path("n.prototxt") + " " + pixel() + kCpu + kRandomJson);
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_GT(nlohmann::json::parse(o.out)["results"][0]["top"][0]["score"], 0);
  EXPECT_NE(o.err.find("2 outputs: the scores are those of 's'"), std::string::npos) << o.err;
}

// The reference's answer of that output, though another comes first and is shorter.
TEST_F(Cli, TheOutputThatAnswersIsCompared) {
  const std::string side =
      "layer { name: 'side' type: 'Pooling' bottom: 'd' top: 'side'\n"
      "        pooling_param { pool: MAX global_pooling: true } }\n";
  write("two.prototxt", "input: 'd' input_shape { dim: 1 dim: 3 dim: 40 dim: 50 }\n" + side +
                            "layer { name: 's' type: 'InnerProduct' bottom: 'd' top: 's'\n"
                            "        inner_product_param { num_output: 5000 } }\n"
                            "layer { name: 'p' type: 'Softmax' bottom: 's' top: 'p' }\n");
  const Outcome o =
      tenfold("classify " + path("two.prototxt") + " " + pixel() + kCpu + kRandomJson);
  ASSERT_EQ(o.status, 0) << o.err;
  const auto reference = nlohmann::json::parse(o.out)["reference"];
  EXPECT_EQ(reference["same_top1"], reference["pictures"]);
  EXPECT_LT(reference["largest_difference"], 1e-5);
}

// A file of weights is one, however its network is called.
TEST_F(Cli, WeightsBelongToNetworksOfAnyName) {
  write("net.txt",
        "input: 'd' input_shape { dim: 1 dim: 3 dim: 1 dim: 1 }\n"
        "layer { name: 's' type: 'Power' bottom: 'd' top: 's' }\n");
  write("n.caffemodel", "\x0a\x01n");
  const Outcome o =
      tenfold("classify " + path("net.txt") + " " + path("n.caffemodel") + " " + pixel() + kCpu);
  EXPECT_EQ(o.status, 0) << o.err;
}

// Plans of a fixed batch are measured at it.
TEST_F(Cli, FixedBatchSizesAreTaken) {
  write("f.prototxt",
        "input: 'd' input_shape { dim: 4 dim: 3 dim: 8 dim: 8 }\n"
        "layer { name: 'r' type: 'Reshape' bottom: 'd' top: 'r'\n"
        "        reshape_param { shape { dim: 2 dim: 2 dim: -1 } } }\n");
  ASSERT_EQ(tenfold("build " + path("f.prototxt") + kCpu + "-o " + path("f.plan")).status, 0);
  const Outcome o = tenfold("bench " + path("f.plan") + " --device cpu --duration 0.01 --json");
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out)["batch"], 4);
  const std::string bench = "bench " + path("f.plan") + " --device cpu --duration 0.01 --batch ";
  EXPECT_EQ(tenfold(bench + "4").status, 0);
  EXPECT_EQ(tenfold(bench + "1").status, 2);
  EXPECT_EQ(tenfold("run " + path("f.plan") + " --device cpu --list-taps").status, 0);
  EXPECT_EQ(tenfold("classify " + path("f.plan") + " " + pixel() + " --device cpu").status, 3);
}

TEST_F(Cli, AMissingFileHidesNothingAboutTheModel) {
  write("net.prototxt",
        "input: 'data' input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
        "layer { name: 'a' type: 'Convolutoin' bottom: 'data' top: 'a' }\n"
        "layer { name: 'b' type: 'ReLUU' bottom: 'a' top: 'b' }\n");
  write("cut.npy", "no array");
  const Outcome run =
      tenfold("run " + path("net.prototxt") + kCpu + "--input data=" + path("none.npy") +
              " --input b=" + path("cut.npy") + " --output-dir " + path("o"));
  const Outcome classify = tenfold("classify " + path("net.prototxt") + kCpu + path("none.npy"));
  for (const Outcome& o : {run, classify}) {
    EXPECT_EQ(o.status, 4) << o.err;
    for (const char* said : {"none.npy", "Convolutoin", "ReLUU"})
      EXPECT_NE(o.err.find(said), std::string::npos) << said << "\n" << o.err;
  }
  EXPECT_NE(run.err.find("cut.npy"), std::string::npos) << run.err;
}

TEST_F(Cli, AFolderThatCannotBeMadeIsSaidBeforeCompiling) {
  save_npy(path("x.npy"), Tensor::zeros(DType::kF32, {1, 1, 28, 28}));
  write("file", "");
  const std::string call = "run " + kModel + kCpu + "--raw-input --no-timing --progress lines " +
                           "--input data=" + path("x.npy") + " --output-dir ";
  const Outcome o = tenfold(call + path("file") + "/o");
  EXPECT_EQ(o.status, 4) << o.err;
  EXPECT_EQ(o.err.find("emitting"), std::string::npos) << o.err;
  EXPECT_EQ(tenfold(call + path("deep/er/o") + " --batch 0").status, 2);
  EXPECT_FALSE(fs::exists(path("deep")));
  EXPECT_EQ(tenfold(call + path("deep/er/o")).status, 0);
  EXPECT_TRUE(fs::exists(path("deep/er/o/softmax.npy")));
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

// An array that the model or plan does not take is a mistake in the call; what would help is said.
TEST_F(Cli, ArraysOfOtherSizesAreUsage) {
  const std::string plan = path("d.plan");
  ASSERT_EQ(tenfold("build " + kModel + kCpu + "--raw-input --batch 2 -o " + plan).status, 0);
  save_npy(path("3.npy"), Tensor::zeros(DType::kF32, {3, 1, 28, 28}));
  save_npy(path("65.npy"), Tensor::zeros(DType::kF32, {65, 1, 28, 28}));
  save_npy(path("tall.npy"), Tensor::zeros(DType::kF32, {1, 1, 29, 28}));
  save_npy(path("flat.npy"), Tensor::zeros(DType::kF32, {1, 784}));
  const std::string to = kCpu + "--output-dir " + path("o") + " --input data=";
  const auto refused = [&](const std::string& model, const std::string& file, const char* says) {
    const Outcome o = tenfold("run " + model + to + path(file));
    EXPECT_EQ(o.status, 2) << model << " " << file << "\n" << o.err;
    EXPECT_NE(o.err.find(says), std::string::npos) << o.err;
  };
  refused(plan, "3.npy", "N from 0 to 2");
  refused(plan, "tall.npy", "f32[N,1,28,28]");
  refused(plan, "flat.npy", "f32[N,1,28,28]");
  refused(kModel + " --raw-input --batch 64", "65.npy", "--batch N");
  refused(kModel + " --raw-input", "tall.npy", "--shape data=1,1,29,28");
  EXPECT_FALSE(fs::exists(path("o")));
  // A model compiled for these arrays alone takes their batch size.
  EXPECT_EQ(tenfold("run " + kModel + " --raw-input" + to + path("65.npy")).status, 0);
  EXPECT_EQ(load_npy(path("o") + "/softmax.npy").dims(), (Extents{65, 10}));
}

TEST_F(Cli, ManyPicturesShowTheirProgress) {
  std::string pictures;
  for (int label = 0; label < 4; ++label)
    pictures += " " + kDigits + "pictures/" + std::to_string(label) + "-0.png";
  const Outcome o = tenfold("classify " + kModel + pictures + kCpu + "--json --progress json");
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out)["results"].size(), 4u);
  for (const char* done : {R"("done":1,"eta_s")", R"("done":4,"eta_s")"})
    EXPECT_NE(o.err.find(done), std::string::npos) << o.err;
  EXPECT_NE(o.err.find(R"("phase":"classifying","total":4)"), std::string::npos) << o.err;
}

// Commands that are proposed can be pasted.
TEST_F(Cli, ProposedCommandsQuoteTheirPaths) {
  const Outcome o = tenfold("build " + kModel + kCpu + "-o '" + path("it'\\''s a.plan") + "'");
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_NE(o.out.find("tenfold inspect '" + path("it'\\''s a.plan") + "'"), std::string::npos)
      << o.out;
}

// A flip of any byte is named with its section, of the first bytes as well; so is a cut.
TEST_F(Cli, PlansWithDamagedFirstBytesAreStillPlans) {
  ASSERT_EQ(tenfold("build " + kModel + kCpu + "-o " + path("d.plan")).status, 0);
  const std::string plan = read_file(path("d.plan"));
  const auto refused = [&](const std::string& bytes) {
    write_file_atomic(path("bad.plan"), bytes);
    for (const char* verb : {"inspect ", "check ", "bench "}) {
      const Outcome o = tenfold(verb + path("bad.plan"));
      EXPECT_EQ(o.status, 4) << verb << bytes.size();
      EXPECT_NE(o.err.find("header"), std::string::npos) << verb << bytes.size() << o.err;
    }
  };
  write_file_atomic(path("cut.plan"), std::string_view(plan).substr(0, plan.size() / 2));
  const Outcome json = tenfold("check " + path("cut.plan") + " --json");
  EXPECT_EQ(json.status, 4);
  const auto doc = nlohmann::json::parse(json.out);
  EXPECT_EQ(doc["ok"], false);
  EXPECT_NE(doc["problems"][0]["reason"].get<std::string>().find("truncated"), std::string::npos);
  for (const size_t at : {0, 1, 5, 7, 8, 63}) {
    std::string bytes = plan;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    refused(bytes);
  }
  for (const size_t size : {1, 7, 8, 63}) refused(plan.substr(0, size));
}

// What the call says of a model that is fine without it is the call's mistake, with a suggestion.
TEST_F(Cli, NamesThatTheModelLacksAreUsage) {
  for (const std::string flag :
       {"--output con1", "--shape dta=1,1,28,28", "--shape data=1,1,28", "--mean 1,2",
        "--output conv1 --output nosuch", "--snapshot nosuch"}) {
    const Outcome checked = tenfold("check " + kModel + kCpu + "--json " + flag);
    EXPECT_EQ(checked.status, 2) << flag << checked.err;
    EXPECT_EQ(nlohmann::json::parse(checked.out)["ok"], false);
    const Outcome built = tenfold("build " + kModel + kCpu + "-o " + path("x.plan") + " " + flag);
    EXPECT_EQ(built.status, 2) << flag << built.err;
  }
  EXPECT_NE(tenfold("inspect " + kModel + " --output con1").err.find("did you mean 'conv1'"),
            std::string::npos);
  write("bad.prototxt", "layer {");  // nothing that flags could mend
  EXPECT_EQ(tenfold("check " + path("bad.prototxt") + " --random-weights --output x").status, 4);
  write("large.prototxt",
        "input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 60000 dim: 60000 }\n"
        "layer { name: \"p\" type: \"Pooling\" bottom: \"data\" top: \"p\"\n"
        "  pooling_param { kernel_size: 3 } }\n");
  const Outcome large = tenfold("check " + path("large.prototxt") + kCpu + "--json");
  EXPECT_EQ(large.status, 6) << large.err;
  EXPECT_EQ(nlohmann::json::parse(large.out)["problems"].size(), 1u);
}

// A snapshot that is there and damaged is a fault of the file, one that is not there of the call.
TEST_F(Cli, DamagedSnapshotsAreFaultsOfTheFile) {
  ASSERT_EQ(std::system(("tar xzf " + kModel + " -C " + path("")).c_str()), 0);
  std::filesystem::path package;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path("")))
    if (entry.path().filename() == "deploy.prototxt") package = entry.path().parent_path();
  ASSERT_FALSE(package.empty());
  std::ofstream(package / "snapshot_iter_1.caffemodel") << "no weights";
  const std::string check = "check " + package.string() + kCpu + "--structure --snapshot ";
  EXPECT_EQ(tenfold(check + "1").status, 4);
  EXPECT_EQ(tenfold(check + "2").status, 2);
}

TEST_F(Cli, PlansReplaceNothingThatTheyAreMadeFrom) {
  const std::string net = path("net.prototxt");
  write("net.prototxt",
        "input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
        "layer { name: \"r\" type: \"ReLU\" bottom: \"data\" top: \"r\" }\n");
  const std::string build = "build " + net + kCpu + "--no-timing -o ";
  EXPECT_EQ(tenfold(build + net).status, 2);
  EXPECT_EQ(tenfold(build + path("x") + " --timing-cache " + path("x")).status, 2);
  EXPECT_EQ(tenfold(build + path("x")).status, 0);
  EXPECT_EQ(tenfold("build " + net + " --device cpu --target cuda:h200 -o " + path("y")).status, 2);
}

// What the command writes to a terminal of this kind.
std::string shown_on_terminal(const std::string& kind, const std::string& args) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return {};
  const std::string command = "TERM=" + kind + " " + TENFOLD_BIN_DIR + "/tenfold " + args + " 2>" +
                              ptsname(master) + " >/dev/null </dev/null";
  std::string shown;
  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);  // what was written stays readable
  if (std::system(command.c_str()) == 0) {
    char buffer[4096];
    for (ssize_t n; (n = read(master, buffer, sizeof buffer)) > 0;)
      shown.append(buffer, static_cast<size_t>(n));
  }
  close(slave);
  close(master);
  return shown;
}

TEST_F(Cli, TerminalsThatCannotGoBackGetLines) {
  const std::string call = "build " + kModel + kCpu + "-o " + path("d.plan");
  const std::string bar = shown_on_terminal("xterm", call);
  if (bar.empty()) GTEST_SKIP() << "no pseudo terminal can be had";
  EXPECT_NE(bar.find("\033["), std::string::npos) << bar;
  const std::string lines = shown_on_terminal("dumb", call);
  EXPECT_NE(lines.find("emitting"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("\033["), std::string::npos) << lines;
}

}  // namespace
}  // namespace tenfold
