// What the command says: proposals that work, notes for what has no effect, JSON where it was
// asked for.
#include <fstream>

#include <nlohmann/json.hpp>

#include "tenfold/io.h"
#include "tests/clients/cli/cli_support.h"

namespace tenfold {
namespace {

using test::Cli, test::kDigits, test::Outcome;

class CliMessages : public Cli {
 protected:
  std::string plan() {
    const std::string file = path("d.plan");
    EXPECT_EQ(tenfold("build " + kDigits + "digits.tar.gz -o " + file + " --device cpu --no-timing")
                  .status,
              0);
    return file;
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path(name)) << text;
    return path(name);
  }
};

const std::string kPicture = kDigits + "pictures/7-0.png";
const std::string kFast = " --device cpu --no-timing";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CliMessages, ProposalsSuitTheModel) {
  const std::string file = plan();
  const Outcome of_plan = tenfold("classify " + file + " " + kPicture + " --device cpu");
  EXPECT_FALSE(has(of_plan.out, "tenfold build")) << of_plan.out;
  EXPECT_TRUE(has(of_plan.out, "tenfold inspect " + file + " -v")) << of_plan.out;
  const Outcome of_model = tenfold("classify " + kDigits + "digits.tar.gz " + kPicture + kFast +
                                   " --mean none --scale 0.5");
  EXPECT_TRUE(has(of_model.out, "digits.tar.gz --mean none --scale 0.5 -o model.plan"))
      << of_model.out;
}

TEST_F(CliMessages, FlagsOfTheImportHaveNoEffectOnPlans) {
  const std::string file = plan();
  const Outcome o =
      tenfold("classify " + file + " " + kPicture + " --device cpu --mean none --labels nowhere");
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_TRUE(has(o.err, "--mean --labels has no effect")) << o.err;
  EXPECT_TRUE(has(tenfold("inspect " + file + " --canonical").err, "--canonical has no effect"));
}

TEST_F(CliMessages, FilesThatMakeNoModelTogetherAreUsage) {
  const std::string digits = kDigits + "digits.tar.gz";
  EXPECT_EQ(tenfold("check " + digits + " " + kDigits + "digits.zip").status, 2);
  EXPECT_EQ(tenfold("build " + digits + " " + kPicture + " -o " + path("x")).status, 2);
  const std::string net = write("a.prototxt",
                                "input: 'd' input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }\n"
                                "layer { name: 'r' type: 'ReLU' bottom: 'd' top: 'r' }\n");
  EXPECT_EQ(tenfold("check " + net + " " + net).status, 2);
  EXPECT_EQ(tenfold("check " + net + " " + path("none.caffemodel")).status, 4);
}

TEST_F(CliMessages, WhatIsDoneToPicturesIsSaid) {
  const std::string net = write("a.prototxt",
                                "input: 'd' input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
                                "layer { name: 'r' type: 'ReLU' bottom: 'd' top: 'r' }\n");
  const Outcome bare = tenfold("check " + net + kFast);
  EXPECT_TRUE(has(bare.out, "preprocessing: none: no package nor flag")) << bare.out;
  const Outcome package = tenfold("check " + kDigits + "digits.tar.gz" + kFast);
  EXPECT_TRUE(has(package.out, "preprocessing: mean: ")) << package.out;
  const Outcome raw = tenfold("bench " + net + kFast + " --raw-input --duration 0.01 --no-layers");
  EXPECT_TRUE(has(raw.err, "preprocessing: none: --raw-input")) << raw.err;
}

TEST_F(CliMessages, JsonProgressIsOnlyJson) {
  const Outcome o = tenfold("build " + kDigits + "digits.tar.gz -o " + path("p") +
                            " --device cpu --no-timing --progress=json");
  ASSERT_EQ(o.status, 0) << o.err;
  std::istringstream lines(o.err);
  bool device = false;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_TRUE(nlohmann::json::accept(line)) << line;
    const auto doc = nlohmann::json::parse(line);
    device |= doc.contains("message") && has(doc["message"].get<std::string>(), "device: cpu");
  }
  EXPECT_TRUE(device) << o.err;
}

// The progress of a phase, as `--progress=json` has it: what was done, and of how much.
std::vector<std::pair<int64_t, int64_t>> progress_of(const std::string& err,
                                                     const std::string& phase) {
  std::vector<std::pair<int64_t, int64_t>> told;
  std::istringstream lines(err);
  for (std::string line; std::getline(lines, line);) {
    const auto doc = nlohmann::json::parse(line);
    if (doc.value("phase", "") == phase) told.emplace_back(doc["done"], doc["total"]);
  }
  return told;
}

TEST_F(CliMessages, MeasuringAndComparingShowTheirProgress) {
  const std::string file = plan();
  const std::string package = kDigits + "digits.tar.gz";
  for (const auto& [call, phase] : std::vector<std::pair<std::string, std::string>>{
           {"bench " + file + " --device cpu --duration 0.3 --warm-up 0.2", "measuring"},
           {"check " + file + " --device cpu", "comparing with the reference kernels"},
           {"check " + package + kFast, "comparing with the reference kernels"}}) {
    SCOPED_TRACE(call);
    const Outcome o = tenfold(call + " --progress=json");
    ASSERT_EQ(o.status, 0) << o.err;
    const auto told = progress_of(o.err, phase);
    ASSERT_GE(told.size(), 2u) << o.err;
    EXPECT_LT(told.front().first, told.front().second);
    EXPECT_EQ(told.back().first, told.back().second);
    for (size_t k = 1; k < told.size(); ++k) EXPECT_LE(told[k - 1].first, told[k].first);
    EXPECT_EQ(tenfold(call + " --progress none").err.find(phase), std::string::npos);
  }
}

TEST_F(CliMessages, MisspeltWordsGetSuggestions) {
  const std::string file = plan();
  for (const auto& [call, said] : std::vector<std::pair<std::string, std::string>>{
           {"build " + kDigits + "digits.zip -fp16 -o x",
            "unknown option -fp16; did you mean --fp16?"},
           {"bench " + file + " --progress jso", "did you mean 'json'?"},
           {"check " + kDigits + "digits.zip --without onedn.", "did you mean 'onednn.'?"},
           {"check " + kDigits + "digits.zip --channel-order bgt", "did you mean 'bgr'?"},
           {"run " + file + " --outdir x", "unknown option --outdir; see tenfold run --help"},
           {"bench " + file + " --device ''", "--device is empty"}}) {
    const Outcome o = tenfold(call);
    EXPECT_EQ(o.status, 2) << call;
    EXPECT_TRUE(has(o.err, said)) << call << "\n" << o.err;
  }
  const Outcome swapped = tenfold("classify " + kPicture + " " + file);
  EXPECT_EQ(swapped.status, 4);
  EXPECT_TRUE(has(swapped.err, "7-0.png is a picture: the model comes first")) << swapped.err;
}

TEST_F(CliMessages, FailuresAreJsonWhereItWasAsked) {
  for (const auto& [call, status] : std::vector<std::pair<std::string, int>>{
           {"bench " + path("nowhere.plan") + " --device cpu --json", 4},
           {"build " + path("nowhere.zip") + " -o " + path("p") + " --json", 4},
           {"check " + path("nowhere.plan") + " --json", 4},
           {"inspect " + kDigits + "digits.zip --stop-after nothing --json", 2},
           {"classify " + kDigits + "digits.zip " + path("no.png") + " --device cpu --json", 4}}) {
    const Outcome o = tenfold(call);
    EXPECT_EQ(o.status, status) << call;
    ASSERT_TRUE(nlohmann::json::accept(o.out)) << call << "\n" << o.out;
  }
}

TEST_F(CliMessages, FilesMayBeginWithADash) {
  const Outcome o = tenfold("classify " + kDigits + "digits.tar.gz" + kFast + " -- " + kPicture);
  EXPECT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(tenfold("classify " + kDigits + "digits.tar.gz" + kFast + " -- --json").status, 4);
}

TEST_F(CliMessages, DevicesAreNoTargets) {
  const Outcome o = tenfold("build " + kDigits + "digits.zip --target cuda:0 -o " + path("p"));
  EXPECT_EQ(o.status, 2);
  EXPECT_TRUE(has(o.err, "'cuda:0' is a device")) << o.err;
  const Outcome short_name =
      tenfold("build " + kDigits + "digits.zip --target x86-64-v3 -o " + path("p"));
  EXPECT_TRUE(has(short_name.err, "did you mean 'cpu:x86-64-v3'?")) << short_name.err;
  for (const std::string kind : {"cuda", "cdua", "CUDA"}) {
    const Outcome o =
        tenfold("build " + kDigits + "digits.zip --target " + kind + " -o " + path("p"));
    EXPECT_EQ(o.status, 2);
    EXPECT_TRUE(has(o.err, "did you mean a machine of kind 'cuda'? 'cuda:h200' is one")) << o.err;
  }
}

TEST_F(CliMessages, AnswersThatAreNoNumbersAreSaid) {
  const std::string net =
      write("n.prototxt",
            "input: 'd' input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }\n"
            "layer { name: 'l' type: 'Power' bottom: 'd' top: 'l' power_param { power: 0.5 scale: "
            "-1 shift: -1 } }\n");
  const Outcome checked = tenfold("check " + net + kFast);
  EXPECT_TRUE(has(checked.out, "values are NaN, here and by the reference kernels")) << checked.out;
  const Outcome o = tenfold("classify " + net + " " + kPicture + kFast);
  EXPECT_TRUE(has(o.err, "scores are NaN")) << o.err << o.out;
}

// Names of files that nobody vouches for must not steer a terminal.
TEST_F(CliMessages, ControlCharactersOfNamesAreSpeltOut) {
  const std::string net =
      write("n.prototxt",
            "input: 'd' input_shape { dim: 1 dim: 1 dim: 2 dim: 2 }\n"
            "layer { name: 'l\\033[31m\\302\\233\\177m\\351' type: 'TanH' bottom: 'd' top: 'l' }\n"
            "layer { name: 's\\033[2J' type: 'Slience' bottom: 'd' top: 't' }\n");
  const std::string plan = path("n.plan");
  const Outcome built = tenfold("build " + net + kFast + " --output l -o " + plan);
  ASSERT_EQ(built.status, 0) << built.err;
  EXPECT_TRUE(has(built.err, "s\\u001b[2J")) << built.err;
  const Outcome shown = tenfold("inspect " + plan);
  EXPECT_TRUE(has(shown.out, "l\\u001b[31m\\u009b\\u007fm\351")) << shown.out;
  for (const std::string& text : {built.out, built.err, shown.out, shown.err})
    EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  EXPECT_FALSE(nlohmann::json::parse(tenfold("inspect --json " + plan).out).empty());
}

}  // namespace
}  // namespace tenfold
