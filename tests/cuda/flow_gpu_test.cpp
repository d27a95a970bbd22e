// Branches and loops on the GPU against the reference, under the graph and the eager recorder.
#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/support/flow_graph.h"
#include "tests/support/gpu_test.h"

namespace tenfold {
namespace {

class GpuFlow : public test::GpuTest {};

TEST_F(GpuFlow, LoopsAndBranchesAsTheReference) {
  const Graph graph = parse_graph(test::kFlowGraph);
  CompileOptions options;
  options.timing = false;
  const Plan plan = compile(graph, target(), options);
  const auto engine = Engine::create(plan, device_);
  for (const RecorderKind kind : {RecorderKind::kReplay, RecorderKind::kEager})
    for (const int64_t n : {int64_t{1}, int64_t{5}})
      for (const int64_t m : {int64_t{0}, int64_t{2}, int64_t{9}}) {
        std::map<std::string, Tensor> inputs;
        inputs["c"] = Tensor::of<int64_t>(DType::kBool, {}, {m % 2});
        inputs["m"] = Tensor::of<int64_t>(DType::kI64, {}, {m});
        Tensor x(DType::kF32, {n, 4, 8, 8});
        for (int64_t k = 0; k < x.count(); ++k)
          store_element(DType::kF32, x.mutable_data(), k, static_cast<double>(k % 17) / 8 - 1);
        inputs["x"] = x;
        const auto context = engine->create_context();
        context->set_recorder(kind);
        const auto got = context->run(inputs);
        const auto want = evaluate_reference(graph, inputs);
        for (size_t o = 0; o < want.size(); ++o) {
          const Tensor& have = got.at(graph.outputs()[o].name);
          ASSERT_EQ(have.dims(), want[o].dims());
          for (int64_t k = 0; k < have.count(); ++k)
            ASSERT_NEAR(have.at(k), want[o].at(k), 1e-4) << graph.outputs()[o].name << " " << k;
        }
      }
}

}  // namespace
}  // namespace tenfold
