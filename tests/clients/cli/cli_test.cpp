// The command as scripts use it: names, files, JSON and exit statuses.
#include <cstdlib>
#include <thread>

#include <nlohmann/json.hpp>

#include "tenfold/io.h"
#include "tests/clients/cli/cli_support.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

using test::Cli, test::kDigits, test::Outcome;
namespace fs = std::filesystem;

// A network of one input and two outputs whose names meet once '/' became '_'.
std::string two_outputs(const std::string& second) {
  return "name: \"two\"\ninput: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
         "layer { name: \"r\" type: \"ReLU\" bottom: \"data\" top: \"a/b\" }\n"
         "layer { name: \"s\" type: \"Sigmoid\" bottom: \"data\" top: \"" +
         second + "\" }\n";
}

TEST_F(Cli, ClassifyGivesTheDocumentedJson) {
  const Outcome o =
      tenfold("classify " + kDigits + "digits.tar.gz " + kDigits + "pictures/7-0.png " + kDigits +
              "pictures/4-2.jpg --device cpu --json --no-timing");
  ASSERT_EQ(o.status, 0) << o.err;
  const auto doc = nlohmann::json::parse(o.out);
  ASSERT_EQ(doc.at("results").size(), 2u);
  const auto& first = doc["results"][0];
  EXPECT_NE(first.at("file").get<std::string>().find("7-0.png"), std::string::npos);
  EXPECT_GT(first.at("ms").get<double>(), 0);
  ASSERT_EQ(first.at("top").size(), 5u);
  EXPECT_EQ(first["top"][0].at("index"), 7);
  EXPECT_EQ(first["top"][0].at("label"), "7");
  EXPECT_GT(first["top"][0].at("score").get<double>(), 0.5);
  EXPECT_EQ(doc["results"][1]["top"][0]["label"], "4");
  EXPECT_LT(doc.at("reference").at("largest_difference").get<double>(), 1e-5);
}

TEST_F(Cli, BuildReportsAsJson) {
  const Outcome o = tenfold("build " + kDigits + "digits.tar.gz -o " + path("j.plan") +
                            " --device cpu --no-timing --batch 1,4 --json");
  ASSERT_EQ(o.status, 0) << o.err;
  const auto doc = nlohmann::json::parse(o.out);
  EXPECT_EQ(doc["plan"], path("j.plan"));
  EXPECT_EQ(doc["bytes"], fs::file_size(path("j.plan")));
  EXPECT_EQ(doc["programs"], 2);
  EXPECT_GT(doc["steps"], 2);
  EXPECT_NE(doc["preprocessing"], "");
}

TEST_F(Cli, BuildThenClassifyThenInspect) {
  ASSERT_EQ(tenfold("build " + kDigits + "digits.zip -o " + path("d.plan") +
                    " --device cpu --no-timing --batch 1,4")
                .status,
            0);
  const Outcome o = tenfold("classify " + path("d.plan") + " " + kDigits +
                            "pictures/2-1.png --json --device cpu");
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out)["results"][0]["top"][0]["label"], "2");
  const Outcome inspected = tenfold("inspect " + path("d.plan") + " --json");
  ASSERT_EQ(inspected.status, 0) << inspected.err;
  EXPECT_TRUE(nlohmann::json::accept(inspected.out));
  EXPECT_EQ(tenfold("check " + path("d.plan") + " --device cpu").status, 0);
}

TEST_F(Cli, MisspeltArgumentsGetSuggestions) {
  const std::string digits = kDigits + "digits.tar.gz";
  const std::string fast = digits + " --device cpu --no-timing";
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {1, 1, 28, 28}, 3));
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"buidl " + digits, "'build'"},
      {"build " + digits + " --tragte cpu -o " + path("p"), "--target"},
      {"build " + digits + " --target cuda:h2000 -o " + path("p"), "'cuda:h200'"},
      {"build " + digits + " --device cdua -o " + path("p"), "'cuda'"},
      {"build " + fast + " --without onednn.cov -o " + path("p"), "'onednn.conv'"},
      {"explain " + fast + " --node cnv2", "'conv2'"},
      {"inspect " + digits + " --stop-after dead_cod", "'dead_code'"},
      {"run " + fast + " --raw-input --input " + path("x.npy") + " --output-dir " + path("o") +
           " --tap cnv1",
       "'conv1'"},
      {"run " + fast + " --input dta=" + path("x.npy") + " --output-dir " + path("o"), "'data'"}};
  for (const auto& [call, suggestion] : calls) {
    const Outcome o = tenfold(call);
    EXPECT_EQ(o.status, 2) << call << "\n" << o.err;
    EXPECT_NE(o.err.find("did you mean " + suggestion), std::string::npos) << call << "\n" << o.err;
  }
}

TEST_F(Cli, FlagsWithoutEffectAreSaid) {
  const std::string build = "build " + kDigits + "digits.tar.gz --no-timing -o " + path("p.plan");
  const Outcome cpu = tenfold(build + " --fp16 --target cpu");
  EXPECT_EQ(cpu.status, 0);
  EXPECT_NE(cpu.err.find("note: --fp16 permits f16, but no kernel"), std::string::npos) << cpu.err;
  const Outcome again = tenfold("classify " + path("p.plan") + " " + kDigits +
                                "pictures/2-1.png --fp16 --device cpu");
  EXPECT_EQ(again.status, 0);
  EXPECT_NE(again.err.find("compiled already: --fp16 has no effect"), std::string::npos)
      << again.err;
  const Outcome gpu = tenfold(build + " --fp16 --target cuda:h200");
  EXPECT_EQ(gpu.status, 0) << gpu.err;
  EXPECT_EQ(gpu.err.find("no kernel"), std::string::npos) << gpu.err;
}

TEST_F(Cli, OneTimingCacheGivesOneFile) {
  const std::string build =
      "build " + kDigits + "digits.tar.gz --device cpu --timing-cache " + path("times") + " -o ";
  ASSERT_EQ(tenfold(build + path("a.plan")).status, 0);
  ASSERT_EQ(tenfold(build + path("b.plan")).status, 0);
  EXPECT_EQ(read_file(path("a.plan")), read_file(path("b.plan")));
}

// Times are of the tuning sizes: a plan for another range of batch sizes uses them.
TEST_F(Cli, TimesServeOtherRanges) {
  const std::string build = "build " + kDigits + "digits.tar.gz --device cpu --timing-cache " +
                            path("times") + " -o " + path("a.plan") +
                            " --without onednn.eltwise";  // which is refused at other sizes
  ASSERT_EQ(tenfold(build).status, 0);
  const std::string times = read_file(path("times"));
  ASSERT_EQ(tenfold(build + " --batch 1").status, 0);
  EXPECT_EQ(read_file(path("times")), times);
}

// What killed programs leave behind hinders nobody.
TEST_F(Cli, TemporaryNamesMayBeTaken) {
  const std::string script = "cd " + path("") +
                             " && exec sh -c 'for k in 0 1 2; do : >t.plan.tmp$$.$k; done; exec " +
                             std::string(TENFOLD_BIN_DIR) + "/tenfold build " + kDigits +
                             "digits.tar.gz --device cpu --no-timing -o t.plan 2>err'";
  EXPECT_EQ(std::system(script.c_str()), 0);
  EXPECT_EQ(tenfold("check " + path("t.plan") + " --structure").status, 0);
}

TEST_F(Cli, RunWritesOneFileAnOutput) {
  write("net.prototxt", two_outputs("c"));
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {2, 3, 4, 4}, 3));
  const Outcome o = tenfold("run " + path("net.prototxt") +
                            " --random-weights --raw-input --input data=" + path("x.npy") +
                            " --output-dir " + path("out") + " --device cpu --no-timing");
  ASSERT_EQ(o.status, 0) << o.err;
  const Tensor relu = load_npy(path("out/a_b.npy"));
  EXPECT_EQ(relu.dims(), (Extents{2, 3, 4, 4}));
  const Tensor x = load_npy(path("x.npy"));
  for (int64_t k = 0; k < x.count(); ++k) EXPECT_FLOAT_EQ(relu.at(k), std::max(0.0, x.at(k)));
  EXPECT_TRUE(fs::exists(path("out/c.npy")));
}

TEST_F(Cli, StatedShapesReplaceTheFiles) {
  write("net.prototxt", two_outputs("c"));
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {2, 3, 5, 6}, 3));
  const std::string run = "run " + path("net.prototxt") +
                          " --random-weights --raw-input --input data=" + path("x.npy") +
                          " --output-dir " + path("out") + " --device cpu --no-timing";
  const Outcome refused = tenfold(run);
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("--shape data=2,3,5,6"), std::string::npos) << refused.err;
  ASSERT_EQ(tenfold(run + " --shape data=1,3,5,6").status, 0);
  EXPECT_EQ(load_npy(path("out/c.npy")).dims(), (Extents{2, 3, 5, 6}));
  EXPECT_EQ(tenfold(run + " --shape data").status, 2);
}

TEST_F(Cli, NamesAreAnyBytes) {
  write("net.prototxt", std::string("input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
                                    "layer { name: \"r\" type: \"ReLU\" bottom: \"data\" "
                                    "top: \"\xff\" }\n"));
  const std::string net =
      path("net.prototxt") + " --random-weights --device cpu --no-timing --json";
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {1, 3, 4, 4}, 3));
  for (const std::string& verb : {"check " + net, "bench " + net + " --duration 0.1 --warm-up 0.05",
                                  "run " + net + " --raw-input --input data=" + path("x.npy") +
                                      " --output-dir " + path("out")}) {
    const Outcome o = tenfold(verb);
    EXPECT_EQ(o.status, 0) << verb << o.err;
    EXPECT_TRUE(nlohmann::json::accept(o.out)) << verb << o.out;
  }
  write("taken", "");
  EXPECT_EQ(tenfold("run " + net + " --raw-input --input data=" + path("x.npy") + " --output-dir " +
                    path("taken"))
                .status,
            4);
}

TEST_F(Cli, CheckRefusesMemoryThatNobodyHas) {
  write("net.prototxt",
        "input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 30000 dim: 30000 }\n"
        "layer { name: \"c\" type: \"Convolution\" bottom: \"data\" top: \"c\" "
        "convolution_param { num_output: 100000 kernel_size: 1 } }\n");
  const Outcome o =
      tenfold("check " + path("net.prototxt") + " --random-weights --device cpu --no-timing");
  EXPECT_EQ(o.status, 6) << o.out << o.err;
}

TEST_F(Cli, CollidingOutputFilesAreAnError) {
  write("net.prototxt", two_outputs("a_b"));
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {1, 3, 4, 4}, 3));
  const Outcome o =
      tenfold("run " + path("net.prototxt") + " --random-weights --input data=" + path("x.npy") +
              " --output-dir " + path("out") + " --device cpu --no-timing");
  EXPECT_EQ(o.status, 2);
  EXPECT_NE(o.err.find("a_b"), std::string::npos) << o.err;
  EXPECT_FALSE(fs::exists(path("out")));
}

TEST_F(Cli, BenchReportsTheDocumentedFields) {
  const Outcome o = tenfold(
      "bench " + kDigits +
      "digits.tar.gz --device cpu --no-timing --duration 0.2 --warm-up 0.05 --json --batch 2");
  ASSERT_EQ(o.status, 0) << o.err;
  const auto doc = nlohmann::json::parse(o.out);
  for (const char* field : {"min", "median", "p95", "p99"})
    EXPECT_GT(doc.at("latency_ms").at(field).get<double>(), 0) << field;
  EXPECT_GT(doc.at("throughput").get<double>(), 0);
  EXPECT_FALSE(doc.at("layers").empty());
}

TEST_F(Cli, ExplainNamesChosenAndRefusedKernels) {
  const Outcome o = tenfold("explain " + kDigits + "digits.tar.gz --device cpu --no-timing --json");
  ASSERT_EQ(o.status, 0) << o.err;
  int chosen = 0, refused = 0;
  const auto doc = nlohmann::json::parse(o.out);
  for (const auto& c : doc.at("candidates")) {
    chosen += c.at("chosen").get<bool>();
    refused += c.contains("refused");
  }
  EXPECT_GE(chosen, 4);
  EXPECT_GE(refused, 1);
}

TEST_F(Cli, CheckListsEveryProblem) {
  write("bad.prototxt",
        "input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
        "layer { name: \"one\" type: \"Convolutoin\" bottom: \"data\" top: \"a\" }\n"
        "layer { name: \"two\" type: \"Mystery\" bottom: \"data\" top: \"b\" }\n"
        "layer { name: \"three\" type: \"ReLU\" bottom: \"nowhere\" top: \"c\" }\n");
  const Outcome o = tenfold("check " + path("bad.prototxt") + " --random-weights --json");
  EXPECT_EQ(o.status, 4) << o.out
                         << o.err;  // a dangling bottom is corrupt, before unsupported types
  for (const char* word : {"one", "Convolution", "two", "Mystery", "three", "nowhere"})
    EXPECT_NE(o.out.find(word), std::string::npos) << word << "\n" << o.out;
}

TEST_F(Cli, UnknownLayersAloneAreUnsupported) {
  write("bad.prototxt",
        "input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
        "layer { name: \"two\" type: \"Mystery\" bottom: \"data\" top: \"b\" }\n");
  EXPECT_EQ(tenfold("check " + path("bad.prototxt") + " --random-weights").status, 3);
  EXPECT_EQ(
      tenfold("build " + path("bad.prototxt") + " --random-weights -o " + path("x.plan")).status,
      3);
  EXPECT_FALSE(fs::exists(path("x.plan")));
  write("part.prototxt",
        "input: \"data\"\ninput_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
        "layer { name: \"two\" type: \"PSROIPooling\" bottom: \"data\" top: \"b\" }\n");
  const Outcome part = tenfold("check " + path("part.prototxt") + " --random-weights");
  EXPECT_NE((part.out + part.err).find("nearest known type is 'Pooling'"), std::string::npos)
      << part.out << part.err;
}

TEST_F(Cli, HelpDescribesEveryVerb) {
  const std::string help = tenfold("--help").out;
  for (const std::string verb : {
#define VERB(name) #name,
#include "clients/cli/verbs.def"
#undef VERB
       }) {
    const std::string line = "\n  " + verb + " ";
    const size_t at = help.find(line);
    ASSERT_NE(at, std::string::npos) << verb;
    const size_t end = help.find('\n', at + 1);
    EXPECT_NE(help.find_first_not_of(' ', at + line.size()), end) << verb << " has no summary";
    EXPECT_NE(tenfold(verb + " --help").out.find("Example"), std::string::npos) << verb;
  }
}

TEST_F(Cli, StatusesFollowTheTable) {
  EXPECT_EQ(tenfold("--help").status, 0);
  EXPECT_EQ(tenfold("build --help").status, 0);
  EXPECT_EQ(tenfold("devices --json").status, 0);
  EXPECT_EQ(tenfold("classify " + path("missing.tar.gz") + " x.png").status, 4);
  EXPECT_EQ(tenfold("bench " + path("missing.plan")).status, 4);
  write("garbage.tar.gz", "not an archive at all");
  EXPECT_EQ(tenfold("inspect " + path("garbage.tar.gz")).status, 4);
  EXPECT_EQ(
      tenfold("run " + kDigits + "digits.tar.gz --device cpu --no-timing --output-dir " + path("o"))
          .status,
      2);
  EXPECT_EQ(tenfold("bench " + kDigits + "digits.tar.gz --device cuda:99").status, 7);
  EXPECT_EQ(tenfold("build " + kDigits + "digits.tar.gz -o " + path("x.plan") +
                    " --target cuda:nothing --no-timing")
                .status,
            2);
}

// A variable of this process and its children for a while.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST_F(Cli, IdleThreadsSpinBrieflyUnlessTheUserHasChosen) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one core: nothing spins";
  for (const char* name : {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"})
    if (std::getenv(name)) GTEST_SKIP() << name << " is set";
  const Variable shown("OMP_DISPLAY_ENV", "verbose");
  const Outcome o = tenfold("--version");
  if (o.err.find("GOMP_SPINCOUNT") == std::string::npos) GTEST_SKIP() << "no GNU OpenMP";
  EXPECT_NE(o.err.find("GOMP_SPINCOUNT = '5000'"), std::string::npos) << o.err;
  const Variable chosen("OMP_WAIT_POLICY", "active");
  EXPECT_EQ(tenfold("--version").err.find("GOMP_SPINCOUNT = '5000'"), std::string::npos);
}

TEST_F(Cli, DamagedPlansAreRefusedWithTheirSection) {
  ASSERT_EQ(tenfold("build " + kDigits + "digits.tar.gz -o " + path("d.plan") +
                    " --device cpu --no-timing")
                .status,
            0);
  std::string bytes = read_file(path("d.plan"));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x20);
  write_file_atomic(path("bad.plan"), bytes);
  const Outcome o = tenfold("check " + path("bad.plan"));
  EXPECT_EQ(o.status, 4);
  EXPECT_FALSE(o.err.empty());
  write_file_atomic(path("short.plan"), std::string_view(bytes).substr(0, bytes.size() / 3));
  EXPECT_EQ(tenfold("bench " + path("short.plan")).status, 4);
}

TEST_F(Cli, MisspeltNamesGetSuggestions) {
  const Outcome verb = tenfold("clasify x");
  EXPECT_EQ(verb.status, 2);
  EXPECT_NE(verb.err.find("'classify'"), std::string::npos) << verb.err;
  const Outcome option = tenfold("build x -o y --bacth 1");
  EXPECT_EQ(option.status, 2);
  EXPECT_NE(option.err.find("--batch"), std::string::npos) << option.err;
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {1, 1, 28, 28}, 3));
  const Outcome input =
      tenfold("run " + kDigits +
              "digits.tar.gz --raw-input --device cpu --no-timing --input daat=" + path("x.npy") +
              " --output-dir " + path("o"));
  EXPECT_EQ(input.status, 2);
  EXPECT_NE(input.err.find("'data'"), std::string::npos) << input.err;
}

TEST_F(Cli, ProgressAsJsonIsJson) {
  const Outcome o = tenfold("build " + kDigits + "digits.tar.gz -o " + path("d.plan") +
                            " --device cpu --progress json");
  ASSERT_EQ(o.status, 0) << o.err;
  std::istringstream lines(o.err);
  int phases = 0;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line[0] == '{') phases += nlohmann::json::parse(line).contains("phase");
  EXPECT_GE(phases, 2);
}

// Plans for a GPU need none: estimates choose, the log of kernels is in the plan.
TEST_F(Cli, PlansForAGpuAreBuiltWithoutOne) {
  const Outcome o = tenfold("build " + kDigits + "digits.tar.gz -o " + path("g.plan") +
                            " --target cuda:h200 --fp16 --no-timing");
  if (o.status == 3 && o.err.find("NVRTC") != std::string::npos)
    GTEST_SKIP() << "no NVRTC here: " << o.err;
  ASSERT_EQ(o.status, 0) << o.err;
  const Outcome inspected = tenfold("inspect " + path("g.plan") + " -v");
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  EXPECT_NE(inspected.out.find("H200"), std::string::npos);
  const Outcome again = tenfold("build " + kDigits + "digits.tar.gz -o " + path("h.plan") +
                                " --target cuda:h200 --fp16 --no-timing");
  ASSERT_EQ(again.status, 0);
  EXPECT_EQ(read_file(path("g.plan")), read_file(path("h.plan")));
  EXPECT_EQ(tenfold("bench " + path("g.plan") + " --device cpu").status, 3);
}

}  // namespace
}  // namespace tenfold
