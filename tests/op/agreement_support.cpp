#include <map>

#include <gtest/gtest.h>

#include "tests/op/agreement.h"

namespace tenfold::test {
namespace {

// The reference's answer, from a run in its plainest formats.
std::vector<Tensor> want_of(const Row& ref, const Problem& open, const SymbolValues& sizes,
                            const std::vector<Tensor>& inputs) {
  Problem plain = open;
  plain.closed = true;
  return run_row(ref, plain, sizes, inputs, {2});
}

// Inputs as the row sees them: rounded to the types of its formats.
std::vector<Tensor> rounded(const Problem& closed, std::vector<Tensor> inputs) {
  for (size_t k = 0; k < inputs.size(); ++k)
    if (inputs[k].dtype() != closed.inputs[k].format.dtype)
      inputs[k] = inputs[k].cast(closed.inputs[k].format.dtype);
  return inputs;
}

bool same_types(const Problem& a, const Problem& b) {
  for (size_t k = 0; k < a.inputs.size(); ++k)
    if (a.inputs[k].format.dtype != b.inputs[k].format.dtype) return false;
  return true;
}

// The closed Problem, and those with slices that the row takes: its outputs, its inputs, both.
std::vector<Problem> with_slices(const Row& row, const Problem& closed, const Target& target) {
  auto slice = [](std::vector<Operand>& operands) {
    for (Operand& o : operands)
      if (!o.constant && o.dims.size() >= 2 && o.dims[1].is_const() && o.dims[1].value() > 0)
        o.format.enclosing = o.dims[1].value() + 5;
  };
  std::vector<Problem> list = {closed};
  constexpr double kMuch = 1e6;  // for a reference row, which has the same code for all
  if (row.name().starts_with("ref.") && cost_of(closed, closed.tuning()).flops > kMuch) return list;
  for (int sides = 1; sides <= 3; ++sides) {
    if (((sides & 1) && !row.writes_slices()) || ((sides & 2) && !row.reads_slices())) continue;
    Problem p = closed;
    if (sides & 1) slice(p.outputs);
    if (sides & 2) slice(p.inputs);
    if (!(p == closed) && row.supports(p, target)) list.push_back(std::move(p));
  }
  return list;
}

}  // namespace

Rows expect_agreement(const Problem& open, const std::vector<int64_t>& batches, uint64_t seed) {
  Rows rows;
  const Target target = open_device({"cpu", 0})->target();
  const Row* ref = find_row("ref." + open.op);
  if (!ref || !ref->supports(open, target)) {
    ADD_FAILURE() << "the reference does not take " << open.str();
    return rows;
  }
  const std::vector<int64_t> sizes_tried =
      open.symbols.empty() ? std::vector<int64_t>{-1} : batches;
  std::map<int64_t, std::vector<Tensor>> answers;  // the reference's, by batch
  for (const Row* row : all_rows()) {
    if (row->backend() != "cpu" || !row->supports(open, target)) continue;
    for (const FormatTuple& formats : row->formats(open, target, {DType::kF32})) {
      const Problem closed = close_problem(open, formats);
      const Verdict v = row->supports(closed, target);
      if (!v) {
        ADD_FAILURE() << row->name() << " offers formats that it refuses: " << v.reason;
        continue;
      }
      rows.took.emplace_back(row->name());
      const std::vector<Problem> variants = with_slices(*row, closed, target);
      if (variants.size() == 4) rows.took_slices.emplace_back(row->name());
      for (const Problem& p : variants)
        for (int64_t n : sizes_tried) {
          SymbolValues sizes;
          for (const Symbol& s : open.symbols) sizes.set(s.name, n);
          const Problem bound = p.bind(sizes);
          const auto inputs = rounded(closed, random_inputs(bound, seed));
          SCOPED_TRACE(std::string(row->name()) + " " + bound.str() + " seed " +
                       std::to_string(seed));
          const bool plain = same_types(open, closed);  // then the inputs are the same each time
          auto& want = answers[n];
          if (!plain || want.empty()) want = want_of(*ref, open, sizes, inputs);
          for (const bool in_place : {false, true}) {
            if (in_place && row->in_place(p) < 0) continue;
            const auto got = run_row(*row, p, sizes, inputs,
                                     {2, RecorderKind::kReplay, in_place ? 1 : 2, in_place});
            const Comparison worst = compare(bound, inputs, got, want);
            EXPECT_LE(worst.worst_excess, 0)
                << (in_place ? "in place: " : "") << "element " << worst.index << " of output "
                << worst.output << ": " << worst.got << ", not " << worst.want;
          }
          if (!plain) want.clear();
        }
    }
  }
  return rows;
}

}  // namespace tenfold::test
