#include "tests/support/device_row.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "src/runtime/reference.h"
#include "tests/support/cuda_problems.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold::test {
namespace {

constexpr int64_t kGuard = 512;

// Device memory whose bytes, guard included, start as 0xFF: a NaN in every floating type.
std::unique_ptr<Buffer> poisoned(Device& device, int64_t bytes, NativeStream& stream) {
  auto buffer = device.allocate(bytes + kGuard, MemoryKind::kDevice);
  device.fill(buffer->data(), 0xFF, bytes + kGuard, stream).or_throw();
  return buffer;
}

// An operand in memory: of a slice, the whole buffer around it.
struct Place {
  Operand operand;  // bound
  Extents dims;
  int64_t bytes = 0;  // of the buffer
  int64_t begin = 0;  // of the operand, in bytes

  explicit Place(const Operand& bound) : operand(bound), dims(const_extents(bound.dims)) {
    const Format& f = operand.format;
    Format dense = f;
    dense.enclosing = 0;
    Extents whole = dims;
    if (f.enclosing > 0) {
      whole[1] = f.enclosing;
      begin = bytes_for(f.dtype, slice_begin(operand) * strides_of(f, dims)[1]);
    }
    bytes = storage_bytes(dense, whole);
  }
  bool dense() const { return operand.format.dense(); }

  // Calls f(byte in the buffer, byte in dense storage, bytes of an element) for every element of a
  // slice.
  template <typename F>
  void each(F&& f) const {
    Format packed = operand.format;
    packed.enclosing = 0;
    const int64_t size = bits_of(packed.dtype) / 8;
    const Extents here = strides_of(operand.format, dims), there = strides_of(packed, dims);
    Extents index(dims.size(), 0);
    int64_t from = 0, to = 0;
    for (int64_t n = element_count(dims); n > 0; --n) {
      f(begin + from * size, to * size, size);
      for (size_t d = dims.size(); d-- > 0;) {
        from += here[d], to += there[d];
        if (++index[d] < dims[d]) break;
        from -= here[d] * dims[d], to -= there[d] * dims[d];
        index[d] = 0;
      }
    }
  }
  // The buffer's bytes with `t` in place, 0xFF around it.
  std::vector<uint8_t> filled(const Tensor& t) const {
    std::vector<uint8_t> host(static_cast<size_t>(bytes), 0xFF);
    const auto* data = static_cast<const uint8_t*>(t.data());
    if (dense())
      std::copy_n(data, t.bytes(), host.begin());
    else
      each([&](int64_t at, int64_t from, int64_t n) {
        std::copy_n(data + from, n, host.begin() + at);
      });
    return host;
  }
  // The operand out of the buffer's bytes; Error when bytes around it are not 0xFF.
  Tensor taken(std::vector<uint8_t>& host, const std::string& what) const {
    Format packed = operand.format;
    packed.enclosing = 0;
    Tensor t(packed.dtype, {storage_elements(packed, dims)});
    auto* data = static_cast<uint8_t*>(t.mutable_data());
    if (dense()) {
      std::copy_n(host.begin(), t.bytes(), data);
      return t;
    }
    each([&](int64_t at, int64_t to, int64_t n) {
      std::copy_n(host.begin() + at, n, data + to);
      std::fill_n(host.begin() + at, n, uint8_t{0xFF});
    });
    for (int64_t k = 0; k < bytes; ++k)
      if (host[static_cast<size_t>(k)] != 0xFF)
        throw Error(Code::kInternal, what + " was written outside its slice, at byte " +
                                         std::to_string(k - begin) + " from its begin");
    return t;
  }
};

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

// Of every 200 draws 120 are -infinity, five infinity and two NaN.
double often_infinite(double v, int draw) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (draw < 120) return -kInfinity;
  if (draw < 125) return kInfinity;
  return draw < 127 ? std::numeric_limits<double>::quiet_NaN() : v;
}

}  // namespace

std::vector<Tensor> random_storage(const Problem& any, uint64_t seed) {
  const Problem bound = without_slices(any);
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
      if (bound.attrs.i("test_whole", 0) != 0) v = std::round(v);  // ties
      if (bound.attrs.i("test_infinite", 0) != 0) v = often_infinite(v, small(random));
      if (bound.op == "Gather" && k == 1) v = index_along(bound, v);
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
                        const std::vector<Tensor>& inputs, Device& device, const RunWith& with) {
  const Problem bound = closed.bind(sizes);
  const auto stream = device.create_stream();
  const auto state =
      row.prepare({closed, with.tactic, nullptr, device, 2, [&](int k) -> TensorView {
                     const Operand& o = closed.inputs.at(static_cast<size_t>(k));
                     if (!o.constant) return {};
                     const Tensor& t = inputs.at(static_cast<size_t>(k));
                     return {const_cast<void*>(t.data()), t.dtype(), const_extents(o.dims), {}, {}};
                   }});
  const auto instance = row.attach(state.get(), AttachArgs{bound, with.tactic, device, 2});
  std::vector<std::unique_ptr<Buffer>> buffers;
  std::vector<void*> addresses;
  std::vector<Slot> in, out;
  const auto add = [&](int64_t bytes, int64_t begin = 0) {
    buffers.push_back(poisoned(device, bytes, *stream));
    addresses.push_back(buffers.back()->data());
    return Slot{static_cast<uint32_t>(addresses.size() - 1), begin};
  };
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (closed.inputs[k].constant && row.packs(closed, static_cast<int>(k))) {
      in.push_back({});
      continue;
    }
    const Place place(bound.inputs[k]);
    const std::vector<uint8_t> host = place.filled(inputs[k]);
    in.push_back(add(place.bytes, place.begin));
    device.copy_in(addresses.back(), host.data(), place.bytes, *stream).or_throw();
    stream->synchronize().or_throw();
  }
  const int shared = with.in_place ? row.in_place(closed) : -1;
  for (const Operand& o : bound.outputs) {
    const Place place(o);
    const bool share = out.empty() && shared >= 0;
    out.push_back(share ? in[static_cast<size_t>(shared)] : add(place.bytes, place.begin));
  }
  const Slot scratch = add(instance->needs.step_scratch),
             context = add(instance->needs.context_scratch);
  device.fill(addresses.back(), 0, instance->needs.context_scratch, *stream).or_throw();
  const auto recorder = device.create_recorder(with.recorder);
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
    const Place place(bound.outputs[j]);
    const std::string what = "output " + std::to_string(j);
    std::vector<uint8_t> host(static_cast<size_t>(place.bytes + kGuard));
    device.copy_out(host.data(), addresses[out[j].index], place.bytes + kGuard, *stream).or_throw();
    stream->synchronize().or_throw();
    for (int64_t k = 0; k < kGuard; ++k)
      if (host[static_cast<size_t>(place.bytes + k)] != 0xFF)
        throw Error(Code::kInternal, what + " was written beyond its end");
    run.outputs.push_back(place.taken(host, what));
  }
  return run;
}

std::vector<Tensor> reference_outputs(const Problem& bound, const std::vector<Tensor>& inputs) {
  // The reference multiplies in f64 whatever the compute type.
  const Problem exact = without_slices(bound);
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
