// Runs a plan with Tenfold's runtime alone: no importer, no compiler, no protobuf.
//   hello            prints the version
//   hello net.plan   two threads share one Engine, each with a Context of its own; prints every
//                    output's largest value for an input of ones
#include <cstdio>
#include <map>
#include <thread>
#include <vector>

#include "tenfold/engine.h"
#include "tenfold/version.h"

namespace {

using namespace tenfold;
using Tensors = std::map<std::string, Tensor>;

Tensors ones(const Engine& engine) {
  Tensors inputs;
  for (const Binding& b : engine.bindings()) {
    if (!b.is_input) continue;
    Extents dims;
    for (const Dim& d : b.type.shape) dims.push_back(d.is_const() ? d.value() : 1);
    Tensor t(b.type.dtype, dims);
    for (int64_t k = 0; k < t.count(); ++k) store_element(t.dtype(), t.mutable_data(), k, 1);
    inputs[b.name] = t;
  }
  return inputs;
}

int64_t largest(const Tensor& t) {
  int64_t best = 0;
  for (int64_t k = 1; k < t.count(); ++k)
    if (t.at(k) > t.at(best)) best = k;
  return best;
}

int run(const char* file) {
  const auto engine = Engine::create(Plan::load(file), open_device({"cpu", 0}));
  for (const std::string& message : engine->messages())
    std::fprintf(stderr, "%s\n", message.c_str());
  const Tensors inputs = ones(*engine);
  std::vector<Tensors> results(2);
  std::vector<std::string> problems(2);
  std::vector<std::thread> threads;
  for (size_t k = 0; k < results.size(); ++k)
    threads.emplace_back([&, k] {
      try {
        const auto context = engine->create_context();
        for (int n = 0; n < 10; ++n) results[k] = context->run(inputs);
      } catch (const Error& e) {
        problems[k] = e.full();
      }
    });
  for (std::thread& t : threads) t.join();
  for (const std::string& problem : problems)
    if (!problem.empty()) throw Error(Code::kInternal, problem);
  for (const auto& [name, tensor] : results[0]) {
    const int64_t best = largest(tensor);
    std::printf("%s: element %lld, %g\n", name.c_str(), static_cast<long long>(best),
                tensor.at(best));
    const Tensor& other = results[1].at(name);
    if (other.at(largest(other)) != tensor.at(best)) {
      std::fprintf(stderr, "%s: the threads' results differ\n", name.c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("Tenfold %s\n", version());
  try {
    return argc > 1 ? run(argv[1]) : 0;
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.full().c_str());
    return 1;
  }
}
