// Networks like the zoo's, as Caffe spells them: sound after every pass, and the expected ops
// remain.
#include <chrono>

#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

using Ints = std::vector<int64_t>;

// Layers with zero weights.
class Net {
 public:
  Net(const std::string& name, int64_t size) : b_(name) {
    x_ = b_.input("data", DType::kF32, {Dim::symbol("N"), 3, size, size});
  }
  ValueId input() const { return x_; }
  int64_t channels(ValueId x) const { return b_.type(x).shape[1].value(); }

  ValueId conv(ValueId x, int64_t out, int64_t kernel, int64_t stride = 1, int64_t pad = 0,
               bool bias = true, int64_t group = 1) {
    std::vector<ValueId> inputs{x, zeros({out, channels(x) / group, kernel, kernel})};
    if (bias) inputs.push_back(zeros({out}));
    return b_.node("Conv", inputs,
                   {{"strides", Ints{stride, stride}}, {"pads", Ints(4, pad)}, {"group", group}},
                   name("conv"));
  }
  // BatchNorm and Scale: two layers in Caffe, of which the second is a Mul and an Add.
  ValueId norm(ValueId x) {
    const int64_t c = channels(x);
    const ValueId n = b_.node("BatchNormalization",
                              {x, zeros({c}), zeros({c}), zeros({c}), zeros({c})}, {}, name("bn"));
    const std::string scale = name("scale");
    const ValueId m = b_.node("Mul", {n, zeros({c, 1, 1})}, {}, scale + "/mul", {scale});
    return b_.node("Add", {m, zeros({c, 1, 1})}, {}, scale, {scale});
  }
  ValueId node(const std::string& op, std::vector<ValueId> inputs, Attrs attrs = {}) {
    return b_.node(op, std::move(inputs), std::move(attrs), name(op));
  }
  ValueId relu(ValueId x) { return node("Relu", {x}); }
  ValueId pool(const std::string& op, ValueId x, int64_t kernel, int64_t stride, int64_t pad,
               int64_t ceil) {
    return node(op, {x},
                {{"kernel", Ints{kernel, kernel}},
                 {"strides", Ints{stride, stride}},
                 {"pads", Ints(4, pad)},
                 {"ceil_mode", ceil}});
  }
  ValueId fc(ValueId x, int64_t out) {
    const ValueId flat = node("Flatten", {x});
    return node("Gemm", {flat, zeros({out, channels(flat)}), zeros({out})},
                {{"transB", int64_t{1}}});
  }
  Graph finish(ValueId y) {
    b_.output(node("Softmax", {y}, {{"axis", int64_t{1}}}), "prob");
    return b_.finish();
  }

 private:
  ValueId zeros(Extents dims) {
    return b_.constant(name("w"), Tensor::zeros(DType::kF32, std::move(dims)));
  }
  std::string name(const std::string& stem) { return stem + std::to_string(++count_); }
  GraphBuilder b_;
  ValueId x_;
  int count_ = 0;
};

Graph resnet50() {
  Net n("resnet50", 224);
  ValueId x = n.relu(n.norm(n.conv(n.input(), 16, 7, 2, 3, false)));
  x = n.pool("MaxPool", x, 3, 2, 0, 2);
  const int blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage)
    for (int k = 0; k < blocks[stage]; ++k) {
      const int64_t width = 16 << stage, stride = stage > 0 && k == 0 ? 2 : 1;
      ValueId y = n.relu(n.norm(n.conv(x, width, 1, 1, 0, false)));
      y = n.relu(n.norm(n.conv(y, width, 3, stride, 1, false)));
      y = n.norm(n.conv(y, 4 * width, 1, 1, 0, false));
      if (k == 0) x = n.norm(n.conv(x, 4 * width, 1, stride, 0, false));
      x = n.relu(n.node("Sum", {x, y}));
    }
  return n.finish(n.fc(n.pool("AveragePool", x, 7, 1, 0, 2), 100));
}

Graph mobilenet() {
  Net n("mobilenet_v2", 96);
  ValueId x = n.node("Relu6", {n.norm(n.conv(n.input(), 8, 3, 2, 1, false))});
  for (int k = 0; k < 10; ++k) {
    const int64_t c = n.channels(x), stride = k % 3 == 0 ? 2 : 1;
    ValueId y = n.node("Relu6", {n.norm(n.conv(x, 6 * c, 1, 1, 0, false))});
    y = n.node("Relu6", {n.norm(n.conv(y, 6 * c, 3, stride, 1, false, 6 * c))});
    y = n.norm(n.conv(y, stride == 1 ? c : c + 4, 1, 1, 0, false));
    x = stride == 1 ? n.node("Sum", {x, y}) : y;
  }
  return n.finish(n.node("Flatten", {n.conv(n.node("GlobalAveragePool", {x}), 10, 1)}));
}

Graph googlenet() {
  Net n("googlenet", 112);
  ValueId x = n.relu(n.conv(n.input(), 16, 7, 2, 3));
  x = n.node("LRN", {n.pool("MaxPool", x, 3, 2, 0, 2)}, {{"size", int64_t{5}}});
  for (int k = 0; k < 9; ++k) {
    if (k == 2 || k == 7) x = n.pool("MaxPool", x, 3, 2, 0, 2);
    const ValueId a = n.relu(n.conv(x, 8, 1)),
                  b = n.relu(n.conv(n.relu(n.conv(x, 6, 1)), 8, 3, 1, 1));
    const ValueId c = n.relu(n.conv(n.relu(n.conv(x, 4, 1)), 8, 5, 1, 2));
    const ValueId d = n.relu(n.conv(n.pool("MaxPool", x, 3, 1, 1, 1), 8, 1));
    x = n.node("Concat", {a, b, c, d}, {{"axis", int64_t{1}}});
  }
  x = n.pool("AveragePool", x, 7, 1, 0, 2);
  return n.finish(n.fc(n.node("Dropout", {x}, {{"ratio", 0.4}}), 10));
}

Graph vgg() {
  Net n("vgg", 32);
  ValueId x = n.input();
  for (int64_t c : {8, 16, 32})
    x = n.pool("MaxPool", n.relu(n.conv(n.relu(n.conv(x, c, 3, 1, 1)), c, 3, 1, 1)), 2, 2, 0, 2);
  x = n.node("Dropout", {n.relu(n.fc(x, 64))});
  return n.finish(n.fc(x, 10));
}

std::map<std::string, int> count_ops(const Graph& g) {
  std::map<std::string, int> ops;
  for (NodeId id : g.order()) ++ops[g.node(id).op];
  return ops;
}

std::map<std::string, int> canonical_ops(Graph g) {
  PassOptions options;
  options.after_each = [](std::string_view pass, const Graph& after) {
    const Diagnostics found = verify(after);
    for (const Diagnostic& d : found.all()) ADD_FAILURE() << pass << ": " << d.str();
  };
  canonicalize(g, options);
  EXPECT_EQ(g.type(g.outputs()[0].value).shape[0], Dim::symbol("N"));
  return count_ops(g);
}

using Counts = std::map<std::string, int>;

TEST(Zoo, ResNet50IsConvolutionsAndSums) {
  const Graph g = resnet50();
  const auto start = std::chrono::steady_clock::now();
  Graph copy = g;
  canonicalize(copy);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  RecordProperty("canonicalize_ms", std::to_string(seconds.count() * 1e3));
  EXPECT_LT(seconds.count(), 2.0);
  EXPECT_EQ(canonical_ops(g), (Counts{{"Conv", 53},
                                      {"Relu", 49},
                                      {"Add", 16},
                                      {"MaxPool", 1},
                                      {"GlobalAveragePool", 1},
                                      {"Reshape", 1},
                                      {"Gemm", 1},
                                      {"Softmax", 1}}));
  // Every layer's name is still somewhere.
  size_t sources = 0;
  for (NodeId id : copy.order()) sources += copy.node(id).sources.size();
  EXPECT_GE(sources, 53u * 3 + 49);
}

TEST(Zoo, MobileNet) {
  const Counts ops = canonical_ops(mobilenet());
  EXPECT_EQ(ops.count("BatchNormalization") + ops.count("Mul") + ops.count("Relu6"), 0u);
  EXPECT_EQ(ops.at("Conv"), 32);
  EXPECT_EQ(ops.at("Clip"), 21);
}

TEST(Zoo, GoogLeNet) {
  const Counts ops = canonical_ops(googlenet());
  EXPECT_EQ(ops.at("Concat"), 9);
  EXPECT_EQ(ops.at("Conv"), 55);
  EXPECT_EQ(ops.count("Dropout") + ops.count("Flatten"), 0u);
}

TEST(Zoo, Vgg) {
  EXPECT_EQ(
      canonical_ops(vgg()),
      (Counts{
          {"Conv", 6}, {"Relu", 7}, {"MaxPool", 3}, {"Reshape", 1}, {"Gemm", 2}, {"Softmax", 1}}));
}

}  // namespace
}  // namespace tenfold
