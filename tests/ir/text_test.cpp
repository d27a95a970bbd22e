// The text form: what it prints, that it reads back, that hostile text is refused with its line.
#include <cstring>
#include <iostream>
#include <locale>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

using Ints = std::vector<int64_t>;

const char* const kExample = R"(graph mnist(data: f32[N,1,28,28]) -> prob {
  symbol N in 1..16 at 8
  @w1 = f32[2,1,5,5] random(7)
  @b1 = f32[2] [0.1, -1e-20]
  @b2 = Neg(@b1) : f32[2]
  "conv 1" = Conv(data, @w1, @b2) {strides=[1,1]} name=conv from=[conv, "a \"b\""] : f32[N,2,24,24]
  a, b = Split("conv 1") {axis=2} : f32[N,2,12,24], f32[N,2,12,24]
  s = Add(a, b) : f32[N,2,12,24]
  prob = Softmax(s) {axis=1} : f32[N,2,12,24]
  permit s [f32, f16]
}
)";

TEST(Text, PrintsWhatItReads) {
  const Graph g = parse_graph(kExample);
  const std::string text = print(g, 64);
  EXPECT_EQ(print(parse_graph(text), 64), text);
  EXPECT_NE(text.find("\"conv 1\" = Conv(data, @w1, @b2) {strides=[1,1]} name=conv from=[conv, \"a "
                      "\\\"b\\\"\"]"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("symbol N in 1..16 at 8\n"), std::string::npos);
  EXPECT_NE(text.find("permit s [f32, f16]"), std::string::npos);
  EXPECT_TRUE(g.value(*g.find_value("s")).permitted.contains(DType::kF16));
}

struct GroupedDigits : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(Text, IsTheSameInEveryLocale) {
  std::string text(kExample);
  text.replace(text.find("1..16 at 8"), 10, "1..4096 at 1024");
  const std::string plain = print(parse_graph(text), 64);
  const std::locale before = std::locale::global(std::locale({}, new GroupedDigits));
  const std::string grouped = print(parse_graph(text), 64);
  std::locale::global(before);
  EXPECT_EQ(grouped, plain);
}

TEST(Text, LargeConstantsAreResolved) {
  const std::string text = print(parse_graph(kExample));
  EXPECT_NE(text.find("hash("), std::string::npos);
  try {
    parse_graph(text);
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNotFound);
    EXPECT_NE(std::string(e.what()).find("w1"), std::string::npos);
  }
  const Graph g = parse_graph(text, [](const std::string&, const Type& t) {
    return Tensor::zeros(t.dtype, const_extents(t.shape));
  });
  EXPECT_EQ(g.type(*g.find_value("w1")).str(), "f32[2,1,5,5]");
  EXPECT_THROW(parse_graph(text, [](const std::string&,
                                    const Type&) { return Tensor::zeros(DType::kF32, {1}); }),
               Error);
}

TEST(Text, ElementsReadBackExactly) {
  const Tensor f16 = Tensor::of<double>(DType::kF16, {4}, {0.1, -65504, 6e-8, INFINITY});
  const Tensor f64 = Tensor::of<double>(DType::kF64, {3}, {0.1, 1e300, -NAN});
  Tensor i64(DType::kI64, {2});
  i64.as_mutable<int64_t>()[0] = INT64_MAX;
  i64.as_mutable<int64_t>()[1] = INT64_MIN;
  const Tensor u4 = Tensor::of<double>(DType::kU4, {3}, {1, 15, 7});
  const Tensor empty(DType::kF32, {0, 3});
  GraphBuilder b("c");
  const ValueId x = b.input("x", DType::kF32, {1});
  b.output(b.node("Relu", {x}), "y");
  for (const Tensor& t : {f16, f64, i64, u4, empty}) b.constant("c", t);
  const Graph g = b.finish();
  const Graph again = parse_graph(print(g));
  EXPECT_EQ(print(again), print(g));
  const Tensor& back = again.constant_of(*again.find_value("c_2"))->source;
  EXPECT_EQ(back.as<int64_t>()[0], INT64_MAX);
  EXPECT_EQ(back.as<int64_t>()[1], INT64_MIN);
}

// Real and imaginary parts in turn.
TEST(Text, ComplexElementsReadBackExactly) {
  for (const DType t : {DType::kC64, DType::kC128}) {
    GraphBuilder b("g");
    Tensor value(t, {2});
    const DType part = t == DType::kC64 ? DType::kF32 : DType::kF64;
    for (int64_t k = 0; k < 4; ++k)
      store_element(part, value.mutable_data(), k, 0.1 * static_cast<double>(k - 1));
    b.output(b.constant("c", value), "y");
    const Graph graph = b.finish();
    const Graph again = parse_graph(print(graph));
    EXPECT_EQ(print(again), print(graph));
    const Tensor& read = again.constant_of(*again.find_value("c"))->source;
    EXPECT_EQ(std::memcmp(read.data(), value.data(), static_cast<size_t>(value.bytes())), 0);
  }
}

TEST(Text, BodiesNest) {
  const std::string text =
      "graph g(c: bool[], x: f32[2]) -> y {\n"
      "  y = If(c, x) : f32[2]\n"
      "  body graph b(i: f32[2]) -> o {\n"
      "    o = Exp(i) : f32[2]\n"
      "  }\n"
      "  body graph d(i: f32[2]) -> o {\n"
      "    @n = i64[] [3]\n"
      "    o = Loop(@n, _, i) {carried=1} : f32[2]\n"
      "    body graph e(k: i64[], go: bool[], v: f32[2]) -> go, w {\n"
      "      w = Exp(v) : f32[2]\n"
      "    }\n"
      "  }\n"
      "}\n";
  const Graph g = parse_graph(text);
  const Node& branch = g.node(g.order()[0]);
  ASSERT_EQ(branch.graphs.size(), 2u);
  EXPECT_EQ(branch.graphs[1]->node(branch.graphs[1]->order()[0]).graphs.size(), 1u);
  EXPECT_EQ(print(g), text);
}

// Graphs with odd names, types and attributes.
Graph random_graph(uint64_t seed) {
  std::mt19937_64 rng(seed);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(rng);
  };
  const auto name = [&] {
    static const char kChars[] = "abcXYZ019_./- \"\\\n#@=,:(){}[]\t";
    std::string text;
    for (int64_t k = pick(1, 6); k > 0; --k) text += kChars[pick(0, sizeof kChars - 2)];
    return text;
  };
  GraphBuilder b(name());
  std::vector<ValueId> values;
  const Dim n = pick(0, 1) ? Dim::symbol("N") : Dim(pick(1, 4));
  const Shape shape{n, pick(1, 4), pick(1, 5)};
  values.push_back(b.input("in " + name(), DType::kF32, shape));
  if (pick(0, 1)) b.symbol({"N", pick(0, 2), pick(3, 9), pick(1, 3), pick(0, 1) == 1});
  const int64_t count = pick(1, 12);
  for (int64_t k = 0; k < count; ++k) {
    const auto any = [&] {
      return values[static_cast<size_t>(pick(0, static_cast<int64_t>(values.size()) - 1))];
    };
    const std::string label = pick(0, 2) ? name() : "";
    std::vector<std::string> sources;
    for (int64_t s = pick(0, 2); s > 0; --s) sources.push_back(name());
    switch (pick(0, 5)) {
      case 0: values.push_back(b.node("Add", {any(), any()}, {}, label, sources)); break;
      case 1:
        values.push_back(
            b.node("LeakyRelu", {any()}, {{"alpha", static_cast<double>(pick(-9, 9)) / 7}}, label));
        break;
      case 2: {
        Tensor t(DType::kF32, {shape[2].value()});
        for (float& v : t.as_mutable<float>()) v = static_cast<float>(pick(-1000, 1000)) / 3;
        values.push_back(
            b.node("Mul", {any(), b.constant(pick(0, 1) ? name() : "", t)}, {}, label, sources));
        break;
      }
      case 3: {
        const ValueId cat = b.node("Concat", {any(), any()}, {{"axis", int64_t{1}}}, label);
        const int64_t half = shape[1].value();
        for (ValueId v : b.nodes("Split", {cat}, 2,
                                 {{"axis", int64_t{1}}, {"split", Ints{half, half}}}, name()))
          values.push_back(v);
        break;
      }
      case 4: values.push_back(b.node("Clip", {any()}, {{"max", 0.1}}, label)); break;
      default: {
        const ValueId flat = b.node("Flatten", {any()}, {{"axis", pick(0, 3)}}, label);
        values.push_back(
            b.node("Reshape", {flat},
                   {{"dims", std::vector<std::string>{n.str(), shape[1].str(), shape[2].str()}}}));
      }
    }
    if (pick(0, 3) == 0) b.name_value(values.back(), "v" + name());
  }
  b.output(values.back(), name());
  if (pick(0, 1)) b.output(values[values.size() / 2], "second " + name());
  return b.finish();
}

TEST(Text, RandomGraphsRoundTrip) {
  const uint64_t first = std::random_device{}();
  std::cout << "seed " << first << "\n";
  for (uint64_t seed = first; seed < first + 300; ++seed) {
    const Graph g = random_graph(seed);
    const std::string text = print(g);
    ASSERT_EQ(print(parse_graph(text)), text) << "seed " << seed;
    ASSERT_EQ(print(Graph(g)), text);
  }
}

TEST(Text, EditedGraphsRoundTrip) {
  const uint64_t first = std::random_device{}();
  std::cout << "seed " << first << "\n";
  for (uint64_t seed = first; seed < first + 100; ++seed) {
    Graph g = random_graph(seed);
    PassOptions options;
    options.verify = true;
    canonicalize(g, options);
    const std::string text = print(g);
    ASSERT_EQ(print(parse_graph(text)), text) << "seed " << seed;
  }
}

struct Refusal {
  const char* text;
  const char* reason;
};

TEST(Text, RefusalsNameLineAndReason) {
  const Refusal cases[] = {
      {"", "line 1: expected 'graph'"},
      {"graph g(x: f32[2]) -> y {\n  y = Relu(z)\n}", "line 2: no value 'z'"},
      {"graph g(xy: f32[2]) -> y {\n  y = Relu(xz)\n}", "nearest is 'xy'"},
      {"graph g(x: f32[2]) -> y {\n\n  y = Rleu(x)\n}", "line 3: node 'y' (Rleu): unknown op"},
      {"graph g(x: f32[2]) -> y {\n  y = Relu(x) : f32[3]\n}",
       "the type is f32[2], the text says f32[3]"},
      {"graph g(x: f32[2]) -> y {\n  y = Relu(x)\n", "does not end"},
      {"graph g(x: f32[2]) -> y {\n  y = Relu(x)\n} more", "text follows"},
      {"graph g(x: f32[2]) -> z {\n  y = Relu(x)\n}", "no value 'z'"},
      {"graph g(x: f32[2]) -> y {\n  y = Relu(x)\n  y = Relu(x)\n}", "is taken"},
      {"graph g(x: f32[2]) -> y {\n  @c = f32[2] [1]\n  y = Add(x, @c)\n}", "expected ','"},
      {"graph g(x: f32[2]) -> y {\n  @c = f32[99999999999,99999999999] fill(0)\n}", "line 2"},
      {"graph g(x: f32[-2]) -> x {\n}", "line 1"},
      {"graph g(x: f32[2]) -> y {\n  y = LeakyRelu(x) {alpha=[1,}\n}", "line 2"},
      {"graph g(x: f32[2]) -> y {\n  y = LeakyRelu(x) {alpha=1\n}", "line"},
      {"graph g(x: f32[2]) -> y {\n  body graph b() -> c { }\n}", "a body follows no node"},
      {"graph g(x: f32[2]) -> y {\n  permit x [f31]\n}", "unknown element type"},
      {"graph \"g", "does not end"},
  };
  for (const Refusal& c : cases) {
    try {
      parse_graph(c.text);
      ADD_FAILURE() << "accepted: " << c.text;
    } catch (const Error& e) {
      EXPECT_NE(e.full().find(c.reason), std::string::npos) << c.text << "\n" << e.full();
    }
  }
}

TEST(Text, DeepNestingIsRefused) {
  std::string text = "graph g(x: f32[1]) -> y {\n y = Relu(x)\n";
  std::string deep;
  for (int k = 0; k < 100000; ++k) deep += "body " + text;
  EXPECT_THROW(parse_graph(text + deep), Error);
  EXPECT_THROW(parse_graph("graph g(x: f32" + std::string(100000, '[')), Error);
  EXPECT_THROW(parse_graph("graph g(x: " + std::string(100000, '(')), Error);
  EXPECT_THROW(parse_graph(text + "z = Relu(x) " + std::string(100000, '{')), Error);
}

TEST(Text, HostileBytesAreRefusedNotFollowed) {
  std::mt19937_64 rng(std::random_device{}());
  const std::string good = print(parse_graph(kExample), 64);
  int accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = good;
    for (int k = 0; k < 3 && !text.empty(); ++k) {
      const size_t at = rng() % text.size();
      switch (rng() % 4) {
        case 0: text[at] = static_cast<char>(rng()); break;
        case 1: text.erase(at, 1 + rng() % 8); break;
        case 2: text.insert(at, text.substr(rng() % text.size(), rng() % 16)); break;
        default: text.resize(at + 1); break;
      }
    }
    try {
      parse_graph(text);
      ++accepted;
    } catch (const Error&) {
    }
  }
  EXPECT_LT(accepted, 4000);
}

}  // namespace
}  // namespace tenfold
