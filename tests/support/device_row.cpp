#include "tests/support/device_row.h"

#include <cmath>
#include <cstring>
#include <random>

#include "src/runtime/reference.h"

namespace tenfold::test {
namespace {

constexpr int64_t kGuard = 512;

// Device memory whose bytes, guard included, start as 0xFF: a NaN in every floating type.
std::unique_ptr<Buffer> poisoned(Device& device, int64_t bytes, NativeStream& stream) {
  auto buffer = device.allocate(bytes + kGuard, MemoryKind::kDevice);
  device.fill(buffer->data(), 0xFF, bytes + kGuard, stream).or_throw();
  return buffer;
}

double magnitude_of_contraction(const Problem& p) {
  if (p.op == "Conv") {
    double k = 1;
    for (size_t d = 1; d < p.inputs[1].dims.size(); ++d)
      k *= static_cast<double>(p.inputs[1].dims[d].value());
    return k;
  }
  if (p.op == "ConvTranspose") {
    double k = static_cast<double>(p.inputs[1].dims[0].value());
    for (size_t d = 2; d < p.inputs[1].dims.size(); ++d)
      k *= static_cast<double>(p.inputs[1].dims[d].value());
    return k;
  }
  if (p.op == "Gemm" || p.op == "MatMul") {
    const Shape& a = p.inputs[0].dims;
    return static_cast<double>(a[a.size() - (p.attrs.i("transA", 0) ? 2 : 1)].value());
  }
  return 0;
}

}  // namespace

std::vector<Tensor> random_storage(const Problem& bound, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, 1.0);
  std::uniform_int_distribution<int> small(0, 200);
  std::vector<Tensor> list;
  for (size_t k = 0; k < bound.inputs.size(); ++k) {
    const Operand& o = bound.inputs[k];
    const Extents dims = const_extents(o.dims);
    Tensor t = Tensor::zeros(o.format.dtype, {storage_elements(o.format, dims)});
    Extents index(dims.size(), 0);
    const int64_t count = element_count(dims);
    for (int64_t n = 0; n < count; ++n) {
      double v = is_float(o.format.dtype) ? normal(random) : small(random);
      if (o.format.dtype == DType::kBool) v = small(random) % 2;
      const bool positive = bound.attrs.i("test_positive", 0) != 0;
      if (positive || (bound.op == "BatchNormalization" && k == 4)) v = std::fabs(v) + 0.5;
      store_element(o.format.dtype, t.mutable_data(), offset_of(o.format, dims, index), v);
      for (size_t d = dims.size(); d-- > 0;) {
        if (++index[d] < dims[d]) break;
        index[d] = 0;
      }
    }
    list.push_back(std::move(t));
  }
  return list;
}

DeviceRun run_on_device(const Row& row, const Problem& closed, const SymbolValues& sizes,
                        const std::vector<Tensor>& inputs, Device& device, RecorderKind kind,
                        const Tactic& tactic) {
  const Problem bound = closed.bind(sizes);
  const auto stream = device.create_stream();
  const auto state =
      row.prepare({closed, tactic, nullptr, device, 2, [&](int k) -> TensorView {
                     const Operand& o = closed.inputs.at(static_cast<size_t>(k));
                     if (!o.constant) return {};
                     const Tensor& t = inputs.at(static_cast<size_t>(k));
                     return {const_cast<void*>(t.data()), t.dtype(), const_extents(o.dims), {}, {}};
                   }});
  const auto instance = row.attach(state.get(), AttachArgs{bound, tactic, device, 2});
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<void*> addresses;
  std::vector<Slot> in, out;
  const auto add = [&](int64_t bytes) {
    buffers.push_back(poisoned(device, bytes, *stream));
    addresses.push_back(buffers.back()->data());
    return Slot{static_cast<uint32_t>(addresses.size() - 1), 0};
  };
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (closed.inputs[k].constant && row.packs(closed, static_cast<int>(k))) {
      in.push_back({});
      continue;
    }
    in.push_back(add(inputs[k].bytes()));
    device.copy_in(addresses.back(), inputs[k].data(), inputs[k].bytes(), *stream).or_throw();
  }
  std::vector<int64_t> bytes;
  for (const Operand& o : bound.outputs) {
    bytes.push_back(storage_bytes(o.format, const_extents(o.dims)));
    out.push_back(add(bytes.back()));
  }
  const Slot scratch = add(instance->needs.step_scratch),
             context = add(instance->needs.context_scratch);
  device.fill(addresses.back(), 0, instance->needs.context_scratch, *stream).or_throw();
  const auto recorder = device.create_recorder(kind);
  recorder->begin(static_cast<uint32_t>(addresses.size()));
  recorder->begin_step(0, {});
  row.record(*recorder, {in, out, scratch, context}, state.get(), *instance);
  stream->synchronize().or_throw();
  recorder->finish(addresses).or_throw();
  recorder->launch(*stream, nullptr).or_throw();
  stream->synchronize().or_throw();
  DeviceRun run;
  run.recorded = recorder->text();
  for (size_t j = 0; j < bound.outputs.size(); ++j) {
    std::vector<uint8_t> host(static_cast<size_t>(bytes[j] + kGuard));
    device.copy_out(host.data(), addresses[out[j].index], bytes[j] + kGuard, *stream).or_throw();
    stream->synchronize().or_throw();
    for (int64_t k = 0; k < kGuard; ++k)
      if (host[static_cast<size_t>(bytes[j] + k)] != 0xFF)
        throw Error(Code::kInternal, "output " + std::to_string(j) + " was written beyond its end");
    const DType type = bound.outputs[j].format.dtype;
    Tensor t(type, {bytes[j] * 8 / bits_of(type)});
    std::memcpy(t.mutable_data(), host.data(), static_cast<size_t>(bytes[j]));
    run.outputs.push_back(std::move(t));
  }
  return run;
}

std::vector<Tensor> reference_outputs(const Problem& bound, const std::vector<Tensor>& inputs) {
  Problem exact = bound;  // the reference multiplies in f64 whatever the compute type
  std::vector<Tensor> outputs = evaluate_problem_all(exact, inputs);
  for (Tensor& t : outputs) t = t.reshaped({t.count()});
  return outputs;
}

std::string differences(const Problem& p, const std::vector<Tensor>& got,
                        const std::vector<Tensor>& want) {
  const double depth = magnitude_of_contraction(p);
  for (size_t j = 0; j < want.size(); ++j) {
    if (got.at(j).count() != want[j].count())
      return "output " + std::to_string(j) + " has another size";
    double absolute = 1e-5, relative = 1e-5;
    // |a|2 |b|2 of random vectors of `depth` elements is about depth.
    if (depth > 0) absolute = 1e-6 + std::ldexp(std::sqrt(depth) * depth, -23);
    if (p.compute == DType::kTF32) absolute = std::ldexp(std::sqrt(depth), -8), relative = 1e-3;
    bool half = p.outputs[j].format.dtype == DType::kF16;
    for (const Operand& o : p.inputs) half = half || o.format.dtype == DType::kF16;
    if (half) absolute = 2.5e-3, relative = 1e-3;
    for (int64_t k = 0; k < want[j].count(); ++k) {
      const double a = got[j].at(k), b = want[j].at(k);
      const bool both_nan = a != a && b != b;
      if (both_nan || a == b || std::fabs(a - b) <= absolute + relative * std::fabs(b)) continue;
      return "output " + std::to_string(j) + "[" + std::to_string(k) + "] is " + std::to_string(a) +
             ", not " + std::to_string(b);
    }
  }
  return {};
}

}  // namespace tenfold::test
