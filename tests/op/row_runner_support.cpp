#include <algorithm>
#include <cmath>
#include <cstring>

#include "tests/op/row_runner.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold::test {
namespace {

constexpr int64_t kGuard = 256;  // bytes behind each buffer that must stay as they are
constexpr int kPoison = 0xFF;

struct Memory {
  std::unique_ptr<Buffer> buffer;
  int64_t bytes = 0;
  std::byte* data() const { return static_cast<std::byte*>(buffer->data()); }
};

Memory poisoned(Device& device, int64_t bytes) {
  Memory m{device.allocate(bytes + kGuard, MemoryKind::kDevice), bytes};
  std::memset(m.data(), kPoison, static_cast<size_t>(bytes + kGuard));
  return m;
}

void check_guard(const Memory& m, const std::string& what) {
  for (int64_t k = 0; k < kGuard; ++k)
    if (m.data()[m.bytes + k] != std::byte{kPoison})
      throw Error(Code::kInternal, what + " was written beyond its end");
}

// Calls f(linear, offset) for every logical index.
template <typename F>
void for_each_index(const Format& format, const Extents& dims, F&& f) {
  Extents index(dims.size(), 0);
  const int64_t count = element_count(dims);
  for (int64_t k = 0; k < count; ++k) {
    f(k, offset_of(format, dims, index));
    for (size_t d = dims.size(); d-- > 0;) {
      if (++index[d] < dims[d]) break;
      index[d] = 0;
    }
  }
}

Memory place(Device& device, const Operand& o, const Tensor& t) {
  const Extents dims = const_extents(o.dims);
  if (t.dims() != dims) throw Error(Code::kInvalid, "a test input has other dims than its operand");
  Memory m = poisoned(device, storage_bytes(o.format, dims));
  if (o.format.dense()) std::memset(m.data(), 0, static_cast<size_t>(m.bytes));  // padding is zero
  for_each_index(o.format, dims, [&](int64_t k, int64_t offset) {
    store_element(o.format.dtype, m.data(), offset, t.at(k));
  });
  return m;
}

Tensor fetch(const Operand& o, const Memory& m) {
  const Extents dims = const_extents(o.dims);
  Tensor t(o.format.dtype, dims);
  std::vector<bool> element(static_cast<size_t>(storage_elements(o.format, dims)), false);
  for_each_index(o.format, dims, [&](int64_t k, int64_t offset) {
    store_element(o.format.dtype, t.mutable_data(), k,
                  load_element(o.format.dtype, m.data(), offset));
    element[static_cast<size_t>(offset)] = true;
  });
  const auto bytes = static_cast<size_t>(bits_of(o.format.dtype) / 8);
  for (size_t k = 0; k < element.size(); ++k) {
    if (element[k]) continue;
    if (o.format.dense() && load_element(o.format.dtype, m.data(), static_cast<int64_t>(k)) != 0)
      throw Error(Code::kInternal, "padding of an output is not zero");
    for (size_t b = 0; b < bytes && !o.format.dense(); ++b)
      if (m.data()[k * bytes + b] != std::byte{kPoison})
        throw Error(Code::kInternal, "an output was written beyond its slice");
  }
  return t;
}

}  // namespace

std::vector<Tensor> run_row(const Row& row, const Problem& closed, const SymbolValues& sizes,
                            const std::vector<Tensor>& inputs, const RunOptions& options) {
  const auto device = open_device({"cpu", 0});
  const Problem bound = closed.bind(sizes);
  std::vector<Memory> in, out;
  for (size_t k = 0; k < bound.inputs.size(); ++k)
    in.push_back(place(*device, bound.inputs[k], inputs.at(k)));
  const int shared = options.in_place ? row.in_place(closed) : -1;
  if (options.in_place && (shared < 0 || options.launches != 1))
    throw Error(Code::kInvalid, "the row does not work in place");
  for (const Operand& o : bound.outputs)
    if (shared >= 0 && out.empty())
      out.push_back(std::move(in[static_cast<size_t>(shared)]));
    else
      out.push_back(poisoned(*device, storage_bytes(o.format, const_extents(o.dims))));
  const PrepareArgs prepare{
      closed, "", nullptr, *device, options.threads, [&](int k) -> TensorView {
        const Operand& o = bound.inputs.at(static_cast<size_t>(k));
        if (!o.constant) return {};
        return {in[static_cast<size_t>(k)].data(), o.format.dtype, const_extents(o.dims), {}, {}};
      }};
  const auto state = row.prepare(prepare);
  const auto instance = row.attach(state.get(), AttachArgs{bound, "", *device, options.threads});
  Memory scratch = poisoned(*device, instance->needs.step_scratch);
  Memory context = poisoned(*device, instance->needs.context_scratch);
  std::memset(context.data(), 0, static_cast<size_t>(context.bytes));

  std::vector<void*> addresses;
  std::vector<Slot> in_slots, out_slots;
  auto slot = [&](const Memory& m) {
    addresses.push_back(m.data());
    return Slot{static_cast<uint32_t>(addresses.size() - 1), 0};
  };
  for (size_t k = 0; k < in.size(); ++k)
    in_slots.push_back(bound.inputs[k].constant && row.packs(closed, static_cast<int>(k)) ? Slot{}
                       : static_cast<int>(k) == shared ? slot(out[0])
                                                       : slot(in[k]));
  for (const Memory& m : out) out_slots.push_back(slot(m));
  const Operands operands{in_slots, out_slots, slot(scratch), slot(context)};
  const auto recorder = device->create_recorder(options.recorder);
  recorder->begin(static_cast<uint32_t>(addresses.size()));
  recorder->begin_step(0, {});
  row.record(*recorder, operands, state.get(), *instance);
  recorder->finish(addresses).or_throw();
  const auto stream = device->create_stream();
  for (int k = 0; k < options.launches; ++k) recorder->launch(*stream, nullptr).or_throw();
  stream->synchronize().or_throw();

  check_guard(scratch, "the scratch");
  check_guard(context, "the context's scratch");
  std::vector<Tensor> results;
  for (size_t k = 0; k < out.size(); ++k) {
    check_guard(out[k], "output " + std::to_string(k));
    results.push_back(fetch(bound.outputs[k], out[k]));
  }
  return results;
}

std::vector<Tensor> random_inputs(const Problem& bound, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, 1.0);
  std::uniform_int_distribution<int> small(0, 100);
  std::vector<Tensor> list;
  for (size_t k = 0; k < bound.inputs.size(); ++k) {
    const Operand& o = bound.inputs[k];
    Tensor t(o.format.dtype, const_extents(o.dims));
    // Variances, and operands of functions with a limited domain, are positive.
    const bool positive =
        (bound.op == "BatchNormalization" && k == 4) || bound.attrs.i("test_positive", 0) != 0;
    for (int64_t i = 0; i < t.count(); ++i) {
      double v = is_float(o.format.dtype) ? normal(random) : small(random);
      if (o.format.dtype == DType::kBool) v = small(random) % 2;
      if (positive) v = std::fabs(v) + 0.1;
      if (bound.attrs.i("test_whole", 0) != 0) v = std::round(v);  // ties
      v *= bound.attrs.f("test_scale", 1);
      if (bound.op == "Gather" && k == 1) v = index_along(bound, v);
      store_element(o.format.dtype, t.mutable_data(), i, v);
    }
    list.push_back(std::move(t));
  }
  return list;
}

namespace {

// 2^-23 sqrt(K) |a| |b| over the reduced vectors, bounded by the largest of them: a scalar for the
// whole output. 0 for other ops.
double contraction_slack(const Problem& p, const std::vector<Tensor>& inputs) {
  if (p.op != "Conv" && p.op != "ConvTranspose" && p.op != "Gemm" && p.op != "MatMul") return 0;
  const Extents& w = inputs[1].dims();
  const int64_t count = inputs[1].count();
  if (count == 0) return 0;
  int64_t depth = 1;
  if (p.op == "Conv")
    depth = count / w[0];
  else if (p.op == "ConvTranspose")
    depth = count / w[1];
  else if (p.op == "Gemm")
    depth = w[p.attrs.i("transB", 0) != 0 ? 1 : 0];
  else
    depth = w.size() < 2 ? w[0] : w[w.size() - 2];
  auto mean_square = [](const Tensor& t) {
    double sum = 0;
    for (int64_t k = 0; k < t.count(); ++k) sum += t.at(k) * t.at(k);
    return t.count() ? sum / static_cast<double>(t.count()) : 0.0;
  };
  const auto k = static_cast<double>(depth);
  return std::ldexp(1.0, -23) * std::sqrt(k) * k *
         std::sqrt(mean_square(inputs[0]) * mean_square(inputs[1]));
}

// The same after the expression: a factor scales what came before, and where a sum of large terms
// cancels, its rounding stays: 2^-23 of the largest of each operand.
double expression_slack(const Problem& p, const std::vector<Tensor>& inputs, double slack) {
  if (slack == 0) return 0;
  double terms = 0;
  for (const int k : p.expr.loads()) {
    const Tensor& t = inputs[static_cast<size_t>(k)];
    double most = 0;
    for (int64_t i = 0; i < t.count(); ++i) most = std::max(most, std::fabs(t.at(i)));
    terms += most;
  }
  const bool scales = std::any_of(p.expr.code.begin(), p.expr.code.end(),
                                  [](const auto& i) { return i.op == ExprOp::kMul; });
  return slack * (scales ? std::max(1.0, terms) : 1.0) + std::ldexp(terms, -23);
}

}  // namespace

Comparison compare(const Problem& bound, const std::vector<Tensor>& inputs,
                   const std::vector<Tensor>& got, const std::vector<Tensor>& want) {
  Comparison c;
  c.worst_excess = -1e300;
  const double slack = expression_slack(bound, inputs, contraction_slack(bound, inputs));
  for (size_t o = 0; o < want.size(); ++o)
    for (int64_t k = 0; k < want[o].count(); ++k) {
      const double a = got.at(o).at(k), b = want[o].at(k);
      const DType t = want[o].dtype();
      double tolerance = (slack > 0 ? slack : 1e-5) + 1e-5 * std::fabs(b);
      if (t == DType::kF16) tolerance = 2.5e-3 + 1e-3 * std::fabs(b);
      if (!is_float(t)) tolerance = is_integer(t) && bits_of(t) <= 8 ? 1 : 0;
      const bool both_nan = a != a && b != b;
      const double excess = both_nan || a == b ? -1e-30 : std::fabs(a - b) - tolerance;
      if (!(excess <= c.worst_excess)) {
        c = {excess == excess ? excess : 1e300, k, a, b, static_cast<int>(o)};
      }
    }
  return c;
}

}  // namespace tenfold::test
