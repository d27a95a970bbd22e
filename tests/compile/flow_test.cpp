// Branches, loops and counted sizes from the Graph to the answer: against the reference kernels
// (which know every size exactly) and against the same thing computed here.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

using test::expect_close;
using test::random_tensor;
using ::testing::HasSubstr;
using Inputs = std::map<std::string, Tensor>;

Plan built(const Graph& graph, Explanation* explanation = nullptr,
           std::vector<Profile> profiles = {}) {
  CompileOptions options;
  options.timing = false;
  options.profiles = std::move(profiles);
  return compile(graph, open_device({"cpu", 0})->target(), options, nullptr, explanation);
}

std::unique_ptr<Context> context_of(const Plan& plan) {
  return Engine::create(plan, open_device({"cpu", 0}))->create_context();
}

// Runs and compares every output with the reference.
Inputs check(const Graph& graph, Context& context, const Inputs& inputs) {
  const std::vector<Tensor> want = evaluate_reference(graph, inputs);
  const Inputs got = context.run(inputs);
  for (size_t k = 0; k < want.size(); ++k) {
    const Tensor& have = got.at(graph.outputs()[k].name);
    EXPECT_EQ(have.dims(), want[k].dims()) << graph.outputs()[k].name;
    if (have.dims() == want[k].dims()) expect_close(have, want[k]);
  }
  return got;
}

Tensor flag(bool value) { return Tensor::of<int>(DType::kBool, {}, {value ? 1 : 0}); }

const char* const kBranch = R"(graph net(c: bool[], x: f32[N,3,8,8]) -> y {
  symbol N in 1..8 at 1
  @w = f32[4,3,3,3] random(1)
  @b = f32[4] random(2)
  h = Conv(x, @w, @b) {pads=[1,1,1,1]}
  r = If(c, h, @b)
  body graph then(v: f32[N,4,8,8], unused: f32[4]) -> out {
    @w2 = f32[4,4,1,1] random(3)
    a = Conv(v, @w2)
    @s = f32[4] random(4)
    @m = f32[4] fill(0)
    @u = f32[4] fill(1)
    n = BatchNormalization(a, @s, @s, @m, @u)
    out = Relu(n)
  }
  body graph else(v: f32[N,4,8,8], bias: f32[4]) -> out {
    s = Reshape(bias) {shape=[4,1,1]}
    i = Identity(v)
    out = Add(i, s)
  }
  y = GlobalAveragePool(r)
})";

TEST(CompileFlow, BranchesOfConvolutions) {
  const Graph graph = parse_graph(kBranch);
  Explanation explanation;
  const Plan plan = built(graph, &explanation);
  ASSERT_EQ(plan.sections[0].programs.size(), 3u);
  const Program& then = plan.sections[0].programs[1];
  EXPECT_THAT(explanation.text(), HasSubstr("out"));
  size_t convs = 0, norms = 0;
  for (const Step& s : then.steps) {
    convs += s.problem.op == "Conv";
    norms += s.problem.op == "BatchNormalization";
  }
  EXPECT_EQ(convs, 1u);
  EXPECT_EQ(norms, 0u);   // inner graphs are canonicalized
  const auto context = context_of(plan);
  for (const int64_t n : {1, 3, 8})
    for (const bool c : {true, false})
      check(graph, *context, {{"c", flag(c)}, {"x", random_tensor(DType::kF32, {n, 3, 8, 8}, 7)}});
}

const char* const kLoop = R"(graph net(go: bool[], x: f32[N,5], limit: f32[]) -> last, all, trips {
  symbol N in 1..16 at 2
  @m = i64[] [7]
  @w = f32[5,5] random(5)
  last, all = Loop(@m, go, x, @w, limit) {carried=1, count="K"}
  body graph step(i: i64[], c: bool[], v: f32[N,5], w: f32[5,5], most: f32[]) -> on, next, seen=v {
    h = MatMul(v, w)
    next = Tanh(h)
    s = ReduceSum(next) {keepdims=0}
    on = Less(s, most)
  }
  trips = Size(all)
})";

TEST(CompileFlow, LoopsUntilAValueSaysSo) {
  const Graph graph = parse_graph(kLoop);
  const auto context = context_of(built(graph));
  std::set<int64_t> lengths;
  for (const int64_t n : {1, 4})
    for (uint64_t seed = 1; seed < 7; ++seed)
      for (const double limit : {-1e9, 0.5, 1e9}) {
        const auto got = check(graph, *context,
                               {{"go", flag(seed != 6)},
                                {"x", random_tensor(DType::kF32, {n, 5}, seed)},
                                {"limit", Tensor::scalar(DType::kF32, limit)}});
        lengths.insert(got.at("all").dims()[0]);
        EXPECT_EQ(got.at("trips").at(0), static_cast<double>(got.at("all").count()));
      }
  EXPECT_TRUE(lengths.count(0) && lengths.count(1) && lengths.count(7));
}

const char* const kCount = R"(graph net(x: f32[N,6], c: bool[N]) -> p, t, n {
  symbol N in 0..12 at 4
  rows, found = Compress(x, c) {axis=0, count="K"}
  @w = f32[6,3] random(8)
  @b = f32[3] random(9)
  h = Gemm(rows, @w, @b)
  p = Softmax(h) {axis=1}
  u = Relu(h)
  t = Transpose(u) {perm=[1,0]}
  n = Size(t)
})";

TEST(CompileFlow, CountedRowsGoThroughKernels) {
  const Graph graph = parse_graph(kCount);
  const auto context = context_of(built(graph));
  for (const int64_t n : {12, 5, 1})
    for (const int64_t every : {1, 2, 3, 99}) {
      Tensor c = Tensor::zeros(DType::kBool, {n});
      int64_t count = 0;
      for (int64_t k = 0; k < n; ++k) {
        const bool taken = every != 99 && k % every == 0;
        store_element(DType::kBool, c.mutable_data(), k, taken ? 1 : 0);
        count += taken;
      }
      const auto got =
          check(graph, *context, {{"x", random_tensor(DType::kF32, {n, 6}, 3)}, {"c", c}});
      EXPECT_EQ(got.at("p").dims(), (Extents{count, 3}));
      EXPECT_EQ(got.at("t").dims(), (Extents{3, count}));   // not along the first axis
      EXPECT_EQ(got.at("n").at(0), static_cast<double>(3 * count));
    }
}

TEST(CompileFlow, WhatWouldMixRoomAndContentIsRefused) {
  const auto refusal = [](const std::string& node) -> std::string {
    try {
      built(
          parse_graph("graph net(x: f32[N,6], c: bool[N]) -> y {\n"
                      "  rows, found = Compress(x, c) {axis=0, count=\"K\"}\n  " +
                      node + "\n}"));
      return "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kUnsupported);
      return e.what();
    }
  };
  EXPECT_THAT(refusal("y = ReduceSum(rows) {axes=[0]}"),
              HasSubstr("node 'y' (ReduceSum): input 0 is f32[K,6]; no kernel of ReduceSum stops"));
  EXPECT_THAT(refusal("y = ReduceSum(rows)"), HasSubstr("no kernel of ReduceSum"));
  EXPECT_THAT(refusal("y = Softmax(rows) {axis=0}"), HasSubstr("no kernel of Softmax"));
  EXPECT_THAT(refusal("y = Concat(rows, x) {axis=0}"), HasSubstr("no kernel of Concat"));
  EXPECT_THAT(refusal("t = Transpose(rows) {perm=[1,0]}\n  y = MatMul(t, rows)"),
              HasSubstr("no kernel of MatMul"));
  EXPECT_EQ(refusal("y = ReduceSum(rows) {axes=[1]}"), "accepted");
  EXPECT_EQ(refusal("y = Softmax(rows) {axis=1}"), "accepted");
}

const char* const kNested = R"(graph net(m: i64[], x: f32[N,4]) -> y {
  symbol N in 1..6 at 1
  y = Loop(m, _, x) {carried=1}
  body graph outer(i: i64[], c: bool[], v: f32[N,4]) -> c, w {
    @three = i64[] [3]
    odd = Less(i, @three)
    w = If(odd, v)
    body graph grow(a: f32[N,4]) -> b {
      @n = i64[] [2]
      b = Loop(@n, _, a) {carried=1}
      body graph inner(j: i64[], go: bool[], q: f32[N,4]) -> go, r {
        @h = f32[] [1.5]
        r = Mul(q, @h)
      }
    }
    body graph shrink(a: f32[N,4]) -> b {
      @h = f32[] [-1]
      b = Add(a, @h)
    }
  }
})";

TEST(CompileFlow, BodiesNest) {
  const Graph graph = parse_graph(kNested);
  const Plan plan = built(graph);
  EXPECT_EQ(plan.sections[0].programs.size(), 5u);
  const auto context = context_of(plan);
  const Tensor x = random_tensor(DType::kF32, {3, 4}, 11);
  for (const int64_t m : {0, 1, 3, 5}) {
    const auto got =
        check(graph, *context, {{"m", Tensor::of<int64_t>(DType::kI64, {}, {m})}, {"x", x}});
    double want = x.at(0);
    for (int64_t k = 0; k < m; ++k) want = k < 3 ? want * 1.5 * 1.5 : want - 1;
    EXPECT_NEAR(got.at("y").at(0), want, 1e-4);
  }
}

TEST(CompileFlow, EveryProfileHasBodiesOfItsOwn) {
  Profile one, many;
  one.tune = {{"N", 1}};
  one.range["N"] = {1, 1};
  many.tune = {{"N", 8}};
  many.range["N"] = {0, 8};
  const Graph graph = parse_graph(kBranch);
  const Plan plan = built(graph, nullptr, {one, many});
  ASSERT_EQ(plan.sections[0].programs.size(), 6u);
  EXPECT_EQ(plan.sections[0].programs[2].symbols[0].max, 1);
  EXPECT_EQ(plan.sections[0].programs[5].symbols[0].max, 8);
  const auto context = context_of(plan);
  for (const int64_t n : {1, 8})
    check(graph, *context,
          {{"c", flag(n == 1)}, {"x", random_tensor(DType::kF32, {n, 3, 8, 8}, 7)}});
}

TEST(CompileFlow, BuildsRepeatAndFilesKeepThem) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "tenfold_compile_flow_test.plan").string();
  for (const char* text : {kBranch, kLoop, kCount, kNested}) {
    const Graph graph = parse_graph(text);
    const Plan plan = built(graph);
    EXPECT_EQ(plan.serialize(), built(parse_graph(print(graph, 1 << 20))).serialize());
    plan.save(path);
    EXPECT_EQ(Plan::load(path, {true}).serialize(), plan.serialize());
    std::filesystem::remove(path);
  }
}

TEST(CompileFlow, BodiesAreTimedLikeAnyGraph) {
  const Graph graph = parse_graph(kNested);
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  TimingCache cache;
  CompileOptions options;
  options.timing_cache = &cache;
  const Plan plan = compile(graph, device->target(), options, device.get());
  EXPECT_GT(cache.size(), 0);
  for (const Program& program : plan.sections[0].programs)
    for (const Step& step : program.steps) EXPECT_EQ(step.tuned_us >= 0, !step.row.empty());
  check(graph, *context_of(plan),
        {{"m", Tensor::of<int64_t>(DType::kI64, {}, {4})},
         {"x", random_tensor(DType::kF32, {2, 4}, 5)}});
}

TEST(CompileFlow, TheReferenceEngineAgrees) {
  const Graph graph = parse_graph(kLoop);
  EngineOptions options;
  options.reference = true;
  const auto engine = Engine::create(built(graph), open_device({"cpu", 0}), options);
  check(graph, *engine->create_context(),
        {{"go", flag(true)},
         {"x", random_tensor(DType::kF32, {4, 5}, 2)},
         {"limit", Tensor::scalar(DType::kF32, 1e9)}});
}

}  // namespace
}  // namespace tenfold
