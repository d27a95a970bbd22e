#include "src/runtime/reference.h"

#include <algorithm>

#include "src/runtime/evaluate.h"

namespace tenfold {
namespace {

Tensor output_tensor(const Operand& o) {
  const Extents dims = const_extents(o.dims);
  if (same_storage(o.format, Format{o.format.dtype, Layout::linear()}, o.dims) &&
      storage_elements(o.format, dims) == element_count(dims))
    return Tensor(o.format.dtype, dims);
  return Tensor::zeros(o.format.dtype, {storage_elements(o.format, dims)});
}

}  // namespace

std::vector<Tensor> evaluate_problem_all(const Problem& problem, const std::vector<Tensor>& inputs,
                                         int threads) {
  if (inputs.size() != problem.inputs.size())
    throw Error(Code::kInvalid, problem.op + ": " + std::to_string(inputs.size()) +
                                    " inputs given, " + std::to_string(problem.inputs.size()) +
                                    " needed");
  const std::shared_ptr<Device> device = host_device();
  if (threads <= 0)
    threads = static_cast<int>(std::max<int64_t>(device->target().i("threads", 1), 1));
  std::vector<const void*> sources;
  for (const Tensor& t : inputs) sources.push_back(t.data());
  std::vector<Tensor> outputs;
  std::vector<void*> destinations;
  for (const Operand& o : problem.outputs) {
    outputs.push_back(output_tensor(o));
    destinations.push_back(outputs.back().mutable_data());
  }
  run_reference(problem, sources, destinations, *device, threads);
  return outputs;
}

Tensor evaluate_problem(const Problem& problem, const std::vector<Tensor>& inputs, int threads) {
  return evaluate_problem_all(problem, inputs, threads).at(0);
}

}  // namespace tenfold
