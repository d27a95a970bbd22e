// Output sizes of windows, against Caffe's formulas written down here a second time.
#include "import/caffe_support.h"

namespace tenfold::test {
namespace {

int ceil_div(int a, int b) { return a >= 0 ? (a + b - 1) / b : -((-a) / b); }
int floor_div(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

int pooled(int in, int kernel, int stride, int pad, bool down) {
  const int room = in + 2 * pad - kernel;
  int out = (down ? floor_div(room, stride) : ceil_div(room, stride)) + 1;
  if (pad > 0 && (out - 1) * stride >= in + pad) --out;
  return out;
}

TEST(CaffeShape, PoolingMatchesTheFormula) {
  int cases = 0;
  for (const int in : {4, 5, 7, 8, 13, 28, 55})
    for (const int kernel : {1, 2, 3, 4})
      for (const int stride : {1, 2, 3})
        for (const int pad : {0, 1, 2})
          for (const bool down : {false, true}) {
            if (pad >= kernel || kernel > in || (stride > kernel && pad == 0)) continue;
            std::string body = "pooling_param { kernel_size: " + std::to_string(kernel) +
                               " stride: " + std::to_string(stride) +
                               " pad: " + std::to_string(pad);
            body += down ? " round_mode: FLOOR }" : " }";
            const std::string size = std::to_string(in);
            const ImportedModel m =
                import_text(input("1,2," + size + "," + size) + layer("Pooling", body));
            ASSERT_FALSE(m.failed) << body << "\n" << report(m);
            const std::string out = std::to_string(pooled(in, kernel, stride, pad, down));
            EXPECT_EQ(shape_of(m, "out"), "N,2," + out + "," + out) << in << " " << body;
            ++cases;
          }
  EXPECT_GT(cases, 200);
}

// Caffe clips a window that is larger than its input, as AlexNet's last one on small pictures.
TEST(CaffeShape, PoolingWindowsLargerThanTheirInput) {
  for (const char* pool : {"MAX", "AVE"}) {
    const std::string body =
        std::string("pooling_param { kernel_size: 3 stride: 2 pool: ") + pool + " }";
    const ImportedModel m = import_text(input("1,3,2,2") + layer("Pooling", body));
    ASSERT_FALSE(m.failed) << report(m);
    EXPECT_EQ(shape_of(m, "out"), "N,3,1,1");
    EXPECT_TRUE(import_text(input("1,3,1,1") + layer("Pooling", body)).failed);
    const ImportedModel lines = import_text(input("1,3,2,8") + layer("Pooling", body));
    ASSERT_FALSE(lines.failed) << report(lines);
    EXPECT_EQ(shape_of(lines, "out"), "N,3,1,4");
  }
}

// C++ divides toward zero, so a window may be larger than its input by less than a stride.
TEST(CaffeShape, ConvolutionWindowsLargerThanTheirInput) {
  const std::string body = "convolution_param { num_output: 2 kernel_size: 6 stride: 2 }";
  const ImportedModel m = import_text(input("1,3,5,9") + layer("Convolution", body));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(shape_of(m, "out"), "N,2,1,2");
  EXPECT_EQ(node_of(m, "out").attrs.ints("pads"), (std::vector<int64_t>{0, 0, 1, 0}));
  EXPECT_TRUE(import_text(input("1,3,4,9") + layer("Convolution", body)).failed);
}

TEST(CaffeShape, PoolingRectangles) {
  const ImportedModel m =
      import_text(input("1,3,20,31") +
                  layer("Pooling",
                        "pooling_param { pool: AVE kernel_h: 2 kernel_w: 5 stride_h: 2 stride_w: 3 "
                        "pad_h: 1 pad_w: 0 }"));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(shape_of(m, "out"), "N,3,11,10");
  EXPECT_EQ(node_of(m, "out").attrs.ints("pads"), (std::vector<int64_t>{1, 0, 1, 0}));
  EXPECT_EQ(node_of(m, "out").attrs.i("ceil_mode", -1), 1);  // any padding brings the clip
  EXPECT_EQ(node_of(m, "out").attrs.i("count_include_pad", -1), 1);
}

TEST(CaffeShape, PoolingModes) {
  struct Case {
    std::string body;
    int64_t mode;
    std::string shape;
  };
  for (const Case& c : {Case{"kernel_size: 3 stride: 2", 2, "N,2,4,4"},
                        Case{"kernel_size: 3 stride: 2 pad: 1", 1, "N,2,5,5"},
                        Case{"kernel_size: 3 stride: 2 round_mode: CEIL", 2, "N,2,4,4"},
                        Case{"kernel_size: 3 stride: 2 round_mode: FLOOR", 0, "N,2,3,3"},
                        Case{"kernel_size: 3 stride: 2 torch_pooling: true", 0, "N,2,3,3"}}) {
    const ImportedModel m =
        import_text(input("1,2,8,8") + layer("Pooling", "pooling_param {" + c.body + "}"));
    ASSERT_FALSE(m.failed) << report(m);
    EXPECT_EQ(node_of(m, "out").attrs.i("ceil_mode", -1), c.mode) << c.body;
    EXPECT_EQ(shape_of(m, "out"), c.shape) << c.body;
  }
}

TEST(CaffeShape, ConvolutionMatchesTheFormula) {
  for (const int in : {5, 8, 27})
    for (const int kernel : {1, 3, 5})
      for (const int stride : {1, 2, 4})
        for (const int pad : {0, 1, 2})
          for (const int dilation : {1, 2}) {
            const int reach = dilation * (kernel - 1) + 1;
            if (in + 2 * pad < reach) continue;
            const std::string s = std::to_string(in);
            const std::string body =
                "convolution_param { num_output: 4 kernel_size: " + std::to_string(kernel) +
                " stride: " + std::to_string(stride) + " pad: " + std::to_string(pad) +
                " dilation: " + std::to_string(dilation) + " }";
            const ImportedModel conv =
                import_text(input("1,2," + s + "," + s) + layer("Convolution", body));
            ASSERT_FALSE(conv.failed) << report(conv);
            const std::string out = std::to_string((in + 2 * pad - reach) / stride + 1);
            EXPECT_EQ(shape_of(conv, "out"), "N,4," + out + "," + out) << in << body;
            const int back = stride * (in - 1) + reach - 2 * pad;
            if (back <= 0) continue;
            const ImportedModel up =
                import_text(input("1,2," + s + "," + s) + layer("Deconvolution", body));
            ASSERT_FALSE(up.failed) << report(up);
            const std::string size = std::to_string(back);
            EXPECT_EQ(shape_of(up, "out"), "N,4," + size + "," + size) << in << body;
          }
}

TEST(CaffeShape, ConvolutionOfOneAndThreeAxes) {
  const std::string body = "convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 }";
  EXPECT_EQ(shape_of(import_text(input("1,2,9") + layer("Convolution", body)), "out"), "N,4,5");
  EXPECT_EQ(shape_of(import_text(input("1,2,9,8,7") + layer("Convolution", body)), "out"),
            "N,4,5,4,4");
}

TEST(CaffeShape, ConvolutionStatesAxesApart) {
  const ImportedModel m =
      import_text(input("1,6,20,30") +
                  layer("Convolution",
                        "convolution_param { num_output: 8 kernel_h: 1 kernel_w: 7 pad_w: 3 "
                        "stride_h: 2 stride_w: 1 group: 2 }"));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(shape_of(m, "out"), "N,8,10,30");
  const Node& node = node_of(m, "out");
  EXPECT_EQ(str(m.graph.type(node.inputs[1]).shape), "8,3,1,7");
  EXPECT_EQ(node.attrs.i("group", 0), 2);
}

// DeepLab's first fork says hole for dilation.
TEST(CaffeShape, HolesAreDilations) {
  const auto import = [](const std::string& body) {
    return import_text(
        input("1,3,20,20") +
        layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 " + body + " }"));
  };
  EXPECT_EQ(shape_of(import("hole: 2 pad: 2"), "out"), "N,4,20,20");
  EXPECT_EQ(shape_of(import("hole_h: 4 hole_w: 1"), "out"), "N,4,12,18");
  EXPECT_TRUE(says(import("hole: 2 dilation: 2"), Severity::kError, {"'l'", "hole and dilation"}));
}

TEST(CaffeShape, WindowsThatDoNotFitAreErrors) {
  for (const std::string body :
       {"num_output: 4 kernel_size: 9", "num_output: 0 kernel_size: 1", "num_output: 4",
        "num_output: 4 kernel_size: 0", "num_output: 4 kernel_size: 3 stride: 0",
        "num_output: 4 kernel_size: 3 group: 2", "num_output: 4 kernel_size: 3 kernel_h: 3",
        "num_output: 4 kernel_size: 3 kernel_size: 3 kernel_size: 3"}) {
    const ImportedModel m =
        import_text(input("1,3,8,8") + layer("Convolution", "convolution_param {" + body + "}"));
    EXPECT_TRUE(m.failed) << body;
    EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:2", "'l'"})) << body << report(m);
  }
  for (const std::string body :
       {"kernel_size: 3 pad: 3", "kernel_size: 0", "", "kernel_h: 3", "kernel_size: 9",
        "pool: STOCHASTIC kernel_size: 2", "global_pooling: true kernel_size: 2"}) {
    const ImportedModel m =
        import_text(input("1,3,8,8") + layer("Pooling", "pooling_param {" + body + "}"));
    EXPECT_TRUE(m.failed) << body;
  }
}

}  // namespace
}  // namespace tenfold::test
