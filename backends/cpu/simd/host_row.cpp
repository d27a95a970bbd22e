#include "backends/cpu/simd/host_row.h"

#include <algorithm>

#include "backends/cpu/access.h"

namespace tenfold::cpu {
namespace {

constexpr size_t kMostSlots = 256;

class Nothing : public HostWork {
 public:
  void run(void* const*) noexcept override {}
};

// What the recorder copies.
struct Call {
  HostWork* work;
};

void run_work(void* const* slots, const void* data) noexcept {
  static_cast<const Call*>(data)->work->run(slots);
}

Verdict check_layout(const Operand& o) {
  const Layout& layout = o.format.layout;
  if (layout.kind > Layout::Kind::kChannelsLast) return Verdict::no("an operand is blocked");
  const bool padded = layout.pad > 1 && o.dims.size() > 1 &&
                      !(o.dims[1].is_const() && o.dims[1].value() % layout.pad == 0);
  return padded ? Verdict::no("an operand's channels are padded") : Verdict{};
}

template <typename F>
Verdict each_operand(const Problem& p, F&& check) {
  for (const auto* list : {&p.inputs, &p.outputs})
    for (const Operand& o : *list)
      if (Verdict v = check(o); !v) return v;
  return {};
}

}  // namespace

Verdict HostRow::supports(const Problem& p, const Target& target) const {
  if (Verdict v = serves(p, target); !v) return v;
  if (p.outputs.empty()) return Verdict::no("there is no output");
  if (p.inputs.size() + p.outputs.size() > kMostSlots) return Verdict::no("too many operands");
  if (p.closed)
    if (Verdict v = each_operand(p, check_layout); !v) return v;
  if (Verdict v = check(p); !v) return v;
  const Row* specification = find_row("ref." + p.op);
  return specification ? specification->supports(p, target) : Verdict{};
}

std::vector<FormatTuple> HostRow::formats(const Problem& p, const Target&, TypeSet) const {
  std::vector<FormatTuple> list = {tuple_of(p, Layout::channels_last(), Layout::channels_last())};
  FormatTuple linear = tuple_of(p, Layout::linear(), Layout::linear());
  if (!(linear == list[0])) list.push_back(std::move(linear));
  return list;
}

std::unique_ptr<RowInstance> HostRow::attach(const RowState*, const AttachArgs& args) const {
  const auto& outputs = args.problem.outputs;
  const bool empty = std::all_of(outputs.begin(), outputs.end(),
                                 [](const Operand& o) { return element_count(dims_of(o)) == 0; });
  return empty ? std::make_unique<Nothing>() : make(args.problem, args.threads);
}

void HostRow::record(Commands& commands, const Operands& operands, const RowState*,
                     const RowInstance& instance) const noexcept {
  const auto* work = static_cast<const HostWork*>(&instance);
  if (dynamic_cast<const Nothing*>(work)) return;
  Slot slots[kMostSlots];
  const size_t n = list_slots(operands, slots);
  const Call call{const_cast<HostWork*>(work)};
  commands.host(run_work, {slots, n}, &call, sizeof(call));
}

FormatTuple tuple_of(const Problem& p, std::optional<Layout> inputs,
                     std::optional<Layout> outputs) {
  auto format = [](const Operand& o, const std::optional<Layout>& layout) {
    Format f = o.format;
    if (layout) f.layout = !o.constant && o.dims.size() >= 3 ? *layout : Layout::linear();
    return f;
  };
  FormatTuple t;
  for (const Operand& o : p.inputs) t.inputs.push_back(format(o, inputs));
  for (const Operand& o : p.outputs) t.outputs.push_back(format(o, outputs));
  t.compute = p.compute;
  t.accumulate = p.accumulate;
  return t;
}

Verdict expect_f32(const Problem& p) {
  return each_operand(p, [](const Operand& o) {
    return o.format.dtype == DType::kF32 && o.format.scale == 0
               ? Verdict{}
               : Verdict::no("an operand is " + std::string(to_string(o.format.dtype)));
  });
}

Verdict expect_whole_bytes(const Problem& p) {
  if (p.inputs.empty()) return Verdict::no("there is no operand");
  const Format& first = p.inputs[0].format;
  if (bits_of(first.dtype) < 8 || bits_of(first.dtype) % 8 != 0)
    return Verdict::no("elements are not whole bytes");
  return each_operand(p, [&](const Operand& o) {
    return o.format.dtype == first.dtype && o.format.scale == first.scale
               ? Verdict{}
               : Verdict::no("operands differ in element type");
  });
}

Verdict expect_no_epilogue(const Problem& p) {
  return p.expr.empty() ? Verdict{} : Verdict::no("takes no epilogue");
}

Verdict all_of(std::initializer_list<Verdict> verdicts) {
  for (const Verdict& v : verdicts)
    if (!v) return v;
  return {};
}

int normal_axis(int64_t axis, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  return axis < -n || axis >= n ? -1 : static_cast<int>(axis < 0 ? axis + n : axis);
}

Extents row_major(const Extents& dims) {
  Extents strides(dims.size(), 1);
  for (size_t d = dims.size(); d-- > 1;)
    strides[d - 1] = strides[d] * std::max<int64_t>(dims[d], 1);
  return strides;
}

Extents dims_of(const Operand& bound) { return const_extents(bound.dims); }
Extents strides_of(const Operand& bound) { return strides_of(bound.format, dims_of(bound)); }

}  // namespace tenfold::cpu
