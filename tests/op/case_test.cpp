// Every CPU row against the reference, over tests/op/*.case: a Problem per line, '#' starts a
// comment. A row that supports the open Problem is run with each tuple of Formats it offers, at the
// batch sizes below where the Problem has a symbol N, and again with operands that are slices of
// larger buffers, and in place, where the row says so. A comment "#! refused ROW" after a Problem
// asks that the row refuses it; "#! taken ROW" that it takes it, "#! sliced ROW" as slices too.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/op/row_runner.h"

namespace tenfold::test {
namespace {

struct Case {
  std::string file;
  int line = 0;
  std::string text;
  std::vector<std::string> taken, refused, sliced;
};

void PrintTo(const Case& c, std::ostream* os) { *os << c.file << ":" << c.line << ": " << c.text; }

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TENFOLD_TEST_DATA "/op"))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::ifstream in(path);
    std::string text;
    for (int line = 1; std::getline(in, text); ++line) {
      if (text.starts_with("#! ") && !cases.empty()) {
        std::istringstream words(text.substr(3));
        std::string verb, row;
        words >> verb >> row;
        Case& c = cases.back();
        (verb == "taken" ? c.taken : verb == "sliced" ? c.sliced : c.refused).push_back(row);
        continue;
      }
      if (text.empty() || text[0] == '#') continue;
      cases.push_back({path.stem().string(), line, text, {}, {}, {}});
    }
  }
  return cases;
}

class OpCase : public testing::TestWithParam<Case> {};

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

TEST_P(OpCase, AgreesWithReference) {
  const Case& c = GetParam();
  const Problem open = Problem::parse(c.text);
  const Target target = open_device({"cpu", 0})->target();
  const Row* ref = find_row("ref." + open.op);
  ASSERT_NE(ref, nullptr) << open.op;
  const Verdict reference_takes = ref->supports(open, target);
  ASSERT_TRUE(reference_takes) << reference_takes.reason;
  static const uint64_t seed = std::random_device{}();
  std::vector<int64_t> batches = {-1};
  if (!open.symbols.empty()) batches = {1, 0, 3};
  std::vector<std::string> took, took_slices;
  std::map<int64_t, std::vector<Tensor>> answers;  // the reference's, by batch
  for (const Row* row : all_rows()) {
    if (row->backend() != "cpu" || !row->supports(open, target)) continue;
    for (const FormatTuple& formats : row->formats(open, target, {DType::kF32})) {
      const Problem closed = close_problem(open, formats);
      const Verdict v = row->supports(closed, target);
      ASSERT_TRUE(v) << row->name() << " offers formats that it refuses: " << v.reason;
      took.emplace_back(row->name());
      const std::vector<Problem> variants = with_slices(*row, closed, target);
      if (variants.size() == 4) took_slices.emplace_back(row->name());
      for (const Problem& p : variants)
        for (int64_t n : batches) {
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
  auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const std::string& row : c.refused) EXPECT_FALSE(has(took, row)) << row << " takes it";
  for (const std::string& row : c.sliced) {
    if (!TENFOLD_WITH_ONEDNN && row.starts_with("onednn.")) continue;
    EXPECT_TRUE(has(took_slices, row)) << row << " takes no slices on one side or the other";
  }
  for (const std::string& row : c.taken) {
    if (!TENFOLD_WITH_ONEDNN && row.starts_with("onednn.")) continue;
    const Row* found = find_row(row);
    ASSERT_NE(found, nullptr) << row;
    EXPECT_TRUE(has(took, row)) << row << ": " << found->supports(open, target).reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, OpCase, testing::ValuesIn(read_cases()), [](const auto& info) {
  return info.param.file + "_" + std::to_string(info.param.line);
});

}  // namespace
}  // namespace tenfold::test
