// Calls that nobody means: each ends with the documented status and says what is wrong.
#include <csignal>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tenfold/io.h"
#include "tests/clients/cli/cli_support.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

using test::Cli, test::kDigits, test::Outcome;
namespace fs = std::filesystem;

const std::string kBuild = "build " + kDigits + "digits.tar.gz --device cpu --no-timing ";

TEST_F(Cli, MistakesInTheCallAreUsage) {
  ASSERT_EQ(tenfold(kBuild + "-o " + path("d.plan")).status, 0);
  const std::string plan = path("d.plan");
  save_npy(path("x.npy"), Tensor::zeros(DType::kU8, {1, 28, 28, 1}));
  const std::string run = "run " + plan + " --device cpu --output-dir " + path("out");
  const std::string input = " --input data=" + path("x.npy");
  for (const std::string& call :
       {std::string(), std::string("classify"), kBuild, kBuild + "-o ''",
        kBuild + "-o " + path("e") + " --batch 0", kBuild + "-o " + path("e") + " --batch 2,x",
        kBuild + "-o " + path("e") + " --scale nan", kBuild + "-o " + path("e") + " --mean 1,2,x",
        kBuild + "-o " + path("e") + " --time-limit -1", "build " + plan + " -o " + path("e"),
        "explain " + plan, "inspect " + kDigits + "digits.tar.gz --diff " + plan,
        "check " + plan + " " + plan, "bench " + plan + " --duration nan", run,
        run + " --input data", run + input + input, run + " --input nosuch=" + path("x.npy")}) {
    const Outcome o = tenfold(call);
    EXPECT_EQ(o.status, call == run + " --input data" ? 4 : 2) << call << "\n" << o.err;
    EXPECT_TRUE(o.out.empty()) << call << "\n" << o.out;
    EXPECT_NE(o.err.find("tenfold: "), std::string::npos) << call;
  }
  EXPECT_FALSE(fs::exists(path("e")));
  EXPECT_FALSE(fs::exists(path("out")));
  EXPECT_EQ(tenfold(run + input).status, 0);
  EXPECT_EQ(tenfold(run + input).status, 0);  // an existing folder is taken
}

TEST_F(Cli, ModelsThatAreNone) {
  fs::create_directories(path("folder"));
  write("empty.tar", "");
  write("text.prototxt", "hello");
  const std::string picture = kDigits + "pictures/3-0.png";
  for (const std::string& model : {path("none"), path("folder"), path("empty.tar"),
                                   path("text.prototxt"), picture, std::string("''")}) {
    EXPECT_EQ(tenfold("classify " + model + " " + picture + " --device cpu").status, 4) << model;
    const Outcome o = tenfold("check " + model + " --device cpu --json");
    EXPECT_EQ(o.status, 4) << model;
    EXPECT_TRUE(nlohmann::json::accept(o.out)) << model << o.out;
  }
  for (const std::string& no_picture : {path("none"), path("folder"), path("empty.tar")})
    EXPECT_EQ(tenfold("classify " + kDigits + "digits.tar.gz " + no_picture +
                      " --device cpu --no-timing --json")
                  .status,
              4)
        << no_picture;
}

TEST_F(Cli, PlacesThatCannotBeWritten) {
  fs::create_directories(path("folder"));
  write("file", "");
  for (const std::string& place : {path("none") + "/x.plan", path("folder"), path("file") + "/x"}) {
    const Outcome o = tenfold(kBuild + "-o " + place);
    EXPECT_EQ(o.status, 4) << place << o.err;
    EXPECT_EQ(o.err.find("emitting"), std::string::npos) << "found out after the work was done";
    EXPECT_EQ(tenfold(kBuild + "-o " + path("x.plan") + " --timing-cache " + place).status, 4)
        << place;
  }
  EXPECT_FALSE(fs::exists(path("x.plan")));
}

// What a plan is made from stays; an earlier plan in the same folder may be replaced.
TEST_F(Cli, SourcesAreNotReplaced) {
  ASSERT_EQ(std::system(("tar xzf " + kDigits + "digits.tar.gz -C " + path("")).c_str()), 0);
  const std::string folder = path(""), net = folder + "deploy.prototxt ", none = " --no-timing";
  const std::string weights = folder + "*.caffemodel ", mean = folder + "mean.binaryproto",
                    labels = folder + "labels.txt";
  const std::string before = read_file(mean);
  for (const std::string& call :
       {folder + " -o " + net, folder + " -o " + mean,
        net + weights + "--mean-file " + mean + " -o " + mean,
        net + weights + "--mean-file " + mean + " --labels " + labels + " -o " + labels}) {
    const Outcome o = tenfold("build " + call + none);
    EXPECT_EQ(o.status, 2) << call << "\n" << o.err;
    EXPECT_NE(o.err.find("would replace"), std::string::npos) << o.err;
  }
  EXPECT_EQ(read_file(mean), before);
  for (int k = 0; k < 2; ++k)
    EXPECT_EQ(tenfold("build " + folder + " -o " + folder + "own.plan" + none).status, 0);
}

// Found out before kernels are chosen.
TEST_F(Cli, OutputsMeetNeitherEachOtherNorAnInput) {
  const std::string head = "input: 'd' input_shape { dim: 1 dim: 2 }\n";
  const auto power = [](const std::string& top) {
    return "layer { name: '" + top + "' type: 'Power' bottom: 'd' top: '" + top + "' }\n";
  };
  write("both.prototxt", head + power("x/y") + power("x_y"));
  write("own.prototxt", head + power("x"));
  save_npy(path("x.npy"), test::random_tensor(DType::kF32, {1, 2}, 7));
  const std::string before = read_file(path("x.npy"));
  for (const char* model : {"both.prototxt", "own.prototxt"}) {
    const Outcome o = tenfold("run " + path(model) + " --device cpu --no-timing --progress lines" +
                              " --input d=" + path("x.npy") + " --output-dir " + path(""));
    EXPECT_EQ(o.status, 2) << o.err;
    EXPECT_EQ(o.err.find("emitting"), std::string::npos) << o.err;
  }
  EXPECT_EQ(read_file(path("x.npy")), before);
}

TEST_F(Cli, DevicesAreWrittenIntoAndLinksFollowed) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  const int reader = open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  fcntl(reader, F_SETPIPE_SZ, 1 << 20);
  EXPECT_EQ(tenfold(kBuild + "-o " + path("pipe")).status, 0);
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
  char head[8] = {};
  EXPECT_EQ(read(reader, head, sizeof head), 8);
  EXPECT_TRUE(Plan::sniff(std::as_bytes(std::span(head))));
  close(reader);
  fs::create_directories(path("elsewhere"));
  write("elsewhere/real", "old");
  fs::create_symlink(path("elsewhere/real"), path("link"));
  EXPECT_EQ(tenfold(kBuild + "-o " + path("link")).status, 0);
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(tenfold("inspect " + path("elsewhere/real")).status, 0);
}

// Networks and weights may come through pipes; what is opened in place may not.
TEST_F(Cli, ModelsThroughPipes) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  const auto through = [&](const std::string& file, const std::string& command) {
    EXPECT_EQ(std::system(("cat " + file + " >" + path("pipe") + " &").c_str()), 0);
    return tenfold(command + " " + path("pipe"));
  };
  write("net.prototxt",
        "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }\n");
  const Outcome text = through(path("net.prototxt"), "inspect --json");
  EXPECT_EQ(text.status, 0) << text.err;
  const Outcome package = through(kDigits + "digits.tar.gz", "inspect");
  EXPECT_EQ(package.status, 4);
  EXPECT_NE(package.err.find("no regular file"), std::string::npos) << package.err;
}

TEST_F(Cli, OutputThatIsLostIsAnError) {
  if (fs::exists("/dev/full")) {
    const std::string package = kDigits + "digits.tar.gz ";
    for (const std::string& call :
         {"inspect " + package, std::string("--help "), std::string("build --help "),
          "classify " + package + kDigits + "pictures/3-0.png --device cpu --no-timing "})
      EXPECT_EQ(tenfold(call + ">/dev/full").status, 6) << call;
  }
  EXPECT_EQ(tenfold("inspect " + kDigits + "digits.tar.gz >&-").status, 4);
  const Outcome closed = tenfold(kBuild + "-o " + path("d.plan") + " >&- 2>&-");
  EXPECT_EQ(closed.status, 4);
  EXPECT_EQ(tenfold("check " + path("d.plan") + " --structure").status, 0);  // nothing got into it
}

TEST_F(Cli, FilesOverALimitAreResources) {
  const Outcome o = tenfold(kBuild + "-o " + path("d.plan"), "ulimit -f 100; ");
  EXPECT_EQ(o.status, 6) << o.err;
  EXPECT_FALSE(fs::exists(path("d.plan")));
}

TEST_F(Cli, OutputsMayBeCalledAsFoldersAre) {
  write("n.prototxt",
        "input: 'd' input_shape { dim: 1 dim: 2 }\n"
        "layer { name: 'a' type: 'ReLU' bottom: 'd' top: '.' }\n"
        "layer { name: 'b' type: 'TanH' bottom: 'd' top: '..' }\n");
  save_npy(path("d.npy"), Tensor::zeros(DType::kF32, {1, 2}));
  const Outcome o = tenfold("run " + path("n.prototxt") + " --device cpu --no-timing --input " +
                            path("d.npy") + " --output-dir " + path("o"));
  ASSERT_EQ(o.status, 0) << o.err;
  EXPECT_TRUE(fs::exists(path("o/..npy")) && fs::exists(path("o/...npy"))) << o.out;
}

// By content: text that states layers is the network, whatever the two are called.
TEST_F(Cli, NetworkAndWeightsMayHaveAnyName) {
  fs::create_directories(path("package"));
  ASSERT_EQ(std::system(("tar xzf " + kDigits + "digits.tar.gz -C " + path("package")).c_str()), 0);
  std::string network, weights;
  for (const auto& entry : fs::directory_iterator(path("package"))) {
    if (entry.path().filename() == "deploy.prototxt") network = entry.path().string();
    if (entry.path().extension() == ".caffemodel") weights = entry.path().string();
  }
  fs::copy_file(network, path("d.txt"));
  fs::copy_file(weights, path("w.bin"));
  save_npy(path("x.npy"), Tensor::zeros(DType::kF32, {1, 1, 28, 28}));
  for (const std::string& model :
       {path("d.txt") + " " + path("w.bin"), path("w.bin") + " " + path("d.txt")}) {
    const Outcome o = tenfold("run " + model + " --device cpu --no-timing --raw-input --input " +
                              path("x.npy") + " --output-dir " + path("o"));
    EXPECT_EQ(o.status, 0) << o.err;
    EXPECT_TRUE(fs::exists(path("o/softmax.npy")));
    fs::remove_all(path("o"));
  }
}

// More than a buffer: the write itself fails, not only the last flush. What goes to stderr may be
// lost.
TEST_F(Cli, LongOutputThatIsLostIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  std::string net =
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }\n";
  for (int k = 0; k < 1000; ++k)
    net += "layer { name: 'r" + std::to_string(k) + "' type: 'ReLU' bottom: 'x' top: 'x' }\n";
  write("long.prototxt", net);
  const Outcome o = tenfold("inspect " + path("long.prototxt") + " >/dev/full");
  EXPECT_EQ(o.status, 6);
  EXPECT_EQ(o.err.find("internal error"), std::string::npos) << o.err;
  const std::string notes = std::string(TENFOLD_BIN_DIR) + "/tenfold inspect " +
                            path("long.prototxt") + " >/dev/null 2>/dev/full";
  EXPECT_EQ(std::system(notes.c_str()), 0);
}

TEST_F(Cli, ScoresThatAreNoNumbersComeLast) {
  write("n.prototxt",
        "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 1 dim: 28 "
        "dim: 28 } } }\n"
        "layer { name: 'p' type: 'Power' bottom: 'x' top: 'p' power_param { shift: -10 power: 0.5 "
        "} }\n"
        "layer { name: 'f' type: 'Flatten' bottom: 'p' top: 'f' }\n");
  const std::string call = "classify " + path("n.prototxt") + " " + kDigits + "pictures/3-0.png" +
                           " --device cpu --no-timing --progress none --top 784";
  const Outcome o = tenfold(call);
  ASSERT_EQ(o.status, 0) << o.err;
  const size_t first = o.out.find("nan");
  ASSERT_NE(first, std::string::npos) << o.out;
  EXPECT_LT(o.out.find("###"), first);
  EXPECT_EQ(o.out.find("###", first), std::string::npos) << o.out;
  EXPECT_NE(o.out.find("same answer on 1 of 1, largest difference of a score 0"), std::string::npos)
      << o.out;
}

TEST_F(Cli, ArraysAreNotBent) {
  ASSERT_EQ(tenfold(kBuild + "-o " + path("d.plan")).status, 0);
  const std::string run = "run " + path("d.plan") + " --device cpu --output-dir " + path("out") +
                          " --input data=" + path("x.npy");
  Tensor x = Tensor::zeros(DType::kF32, {1, 28, 28, 1});
  save_npy(path("x.npy"), x);
  EXPECT_EQ(tenfold(run).status, 0);  // whole numbers are pixels
  x.as_mutable<float>()[5] = 0.5F;
  save_npy(path("x.npy"), x);
  const Outcome o = tenfold(run);
  EXPECT_EQ(o.status, 4);
  EXPECT_NE(o.err.find("element 5"), std::string::npos) << o.err;
  const Outcome taps = tenfold("run " + path("d.plan") + " --device cpu --list-taps --json");
  EXPECT_FALSE(nlohmann::json::parse(taps.out).at("taps").empty());
}

TEST_F(Cli, AnUnknownInstructionSetIsToldOnce) {
  const Outcome o = tenfold("devices", "TENFOLD_CPU_ISA=avx2 ");
  EXPECT_EQ(o.status, 0);
  const size_t at = o.err.find("TENFOLD_CPU_ISA=avx2 is ignored");
  EXPECT_NE(at, std::string::npos) << o.err;
  EXPECT_EQ(o.err.find("TENFOLD_CPU_ISA", at + 1), std::string::npos) << o.err;
  EXPECT_EQ(tenfold("devices", "TENFOLD_CPU_ISA=x86-64-v2 ").err.find("TENFOLD_CPU_ISA"),
            std::string::npos);
}

TEST_F(Cli, CheckTellsThePrecision) {
  const Outcome o = tenfold("check " + kDigits + "digits.tar.gz --device cpu --no-timing --json");
  EXPECT_EQ(nlohmann::json::parse(o.out).at("precision"), "f32");
  ASSERT_EQ(tenfold(kBuild + "-o " + path("d.plan")).status, 0);
  const Outcome plan = tenfold("check " + path("d.plan") + " --device cpu --json");
  EXPECT_EQ(nlohmann::json::parse(plan.out).at("precision"), "f32");
}

}  // namespace
}  // namespace tenfold
