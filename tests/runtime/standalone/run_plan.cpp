// A program linked with tenfold-runtime alone: runs a plan on raw f32 input, writes raw f32 output.
//   run_plan PLAN INPUT OUTPUT
#include <cstdio>
#include <fstream>
#include <iterator>

#include "tenfold/engine.h"

namespace {

using namespace tenfold;

std::vector<char> read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The input's bytes as a tensor of the binding's shape; the one symbol takes what is left.
Tensor as_input(const Binding& binding, std::vector<char>& bytes) {
  int64_t fixed = 1;
  for (const Dim& d : binding.type.shape)
    if (d.is_const()) fixed *= d.value();
  const int64_t count = static_cast<int64_t>(bytes.size() / sizeof(float));
  Extents dims;
  for (const Dim& d : binding.type.shape) dims.push_back(d.is_const() ? d.value() : count / fixed);
  return Tensor::wrap(DType::kF32, dims, bytes.data(), nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const auto engine = Engine::create(Plan::load(argv[1]), open_device({"cpu", 0}));
    for (const std::string& message : engine->messages())
      std::fprintf(stderr, "%s\n", message.c_str());
    const auto context = engine->create_context();
    std::vector<char> bytes = read(argv[2]);
    const Binding& input = engine->bindings()[0];
    const auto results = context->run({{input.name, as_input(input, bytes)}});
    const Tensor& out = results.begin()->second;
    std::ofstream file(argv[3], std::ios::binary);
    file.write(static_cast<const char*>(out.data()), out.bytes());
    return file.good() ? 0 : 1;
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.full().c_str());
    return 1;
  }
}
