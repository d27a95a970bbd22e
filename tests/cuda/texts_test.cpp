// Every kernel text compiles for sm_80 and sm_90a, without a GPU.
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "backends/cuda/commands/captured_graph.h"
#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/gen/text_row.h"
#include "src/base/threads.h"
#include "tests/support/cuda_problems.h"

namespace tenfold {
namespace {

using cuda::TextRow;

struct Job {
  const Row* row;
  Problem problem;
  Tactic tactic;
};

TypeSet all_types() { return {DType::kF32, DType::kF16, DType::kTF32}; }

class Texts : public ::testing::TestWithParam<const char*> {};

TEST_P(Texts, Compile) {
  const Target target = Target::parse(std::string("cuda:") + GetParam());
  const std::string arch = cuda::arch_of(target);
  if (const Verdict can = cuda::can_compile(arch); !can) GTEST_SKIP() << can.reason;
  std::set<std::string> seen, kinds;
  std::vector<Job> jobs;
  const bool every = target.i("cc") >= 90;  // the second architecture gets the shorter list
  for (const Problem& open : every ? test::cuda_problems() : test::read_problems("problems.case")) {
    int served = 0;
    for (const Row* row : test::cuda_rows()) {
      if (!row->supports(open, target)) continue;
      for (const FormatTuple& tuple : row->formats(open, target, all_types())) {
        const Problem dense = close_problem(open, tuple);
        if (!row->supports(dense, target)) continue;
        ++served;
        const auto tactics = row->tactics(dense, target);
        ASSERT_FALSE(tactics.empty()) << row->name();
        for (const Tactic& tactic : tactics) {
          Problem closed = dense;
          // The best guess everywhere, the second best, third and so on once a row and type.
          const std::string kind = std::string(row->name()) + " " +
                                   std::to_string(&tactic - tactics.data()) + " " +
                                   std::string(to_string(closed.compute));
          if (!kinds.insert(kind).second && &tactic != &tactics.front()) continue;
          // Inside larger buffers every third.
          if (const Problem sliced = test::with_slices(closed, true, true);
              served % 3 == 0 && row->supports(sliced, target))
            closed = sliced;
          const auto request = static_cast<const TextRow*>(row)->request(closed, tactic, target);
          if (!seen.insert(cuda::text_key(request, arch)).second) continue;
          jobs.push_back({row, closed, tactic});
        }
      }
    }
    if (!std::getenv("TENFOLD_TEST_ROWS")) {
      EXPECT_GT(served, 0) << "no row for " << open.str();
    }
  }
  std::vector<std::string> failures(jobs.size());
  parallel_tasks(static_cast<int64_t>(jobs.size()), [&](int64_t begin, int64_t end) {
    for (auto k = static_cast<size_t>(begin); k < static_cast<size_t>(end); ++k) {
      const Job& job = jobs[k];
      try {
        const Artifact made = job.row->emit(job.problem, job.tactic, target);
        if (made.kind != "cubin" || made.code.size() <= 500 || made.text_key.size() != 32)
          failures[k] = "no machine code";
      } catch (const Error& error) {
        failures[k] = error.full();
      }
    }
  });
  for (size_t k = 0; k < jobs.size(); ++k)
    EXPECT_EQ(failures[k], "") << jobs[k].row->name() << " [" << jobs[k].tactic << "] "
                               << jobs[k].problem.str();
  std::cout << seen.size() << " kernels compiled for " << arch << "\n";
}

TEST_P(Texts, FillCompiles) {
  const std::string arch = cuda::arch_of(Target::parse(std::string("cuda:") + GetParam()));
  if (const Verdict can = cuda::can_compile(arch); !can) GTEST_SKIP() << can.reason;
  EXPECT_GT(cuda::compile_text(cuda::FillNodes::text(), arch).code.size(), 500u);
}

// A T4 lacks instructions that the A100 has: each text that a row offers for it does without, and
// something computes what the tiles cannot.
TEST(TextsOfOlderMachines, Compile) {
  const Target target = Target::parse("cuda:t4");
  if (const Verdict can = cuda::can_compile(cuda::arch_of(target)); !can)
    GTEST_SKIP() << can.reason;
  std::set<std::string> done;  // a row and type
  for (const Problem& open : test::read_problems("problems.case")) {
    int served = 0;
    for (const Row* row : test::cuda_rows()) {
      if (!row->supports(open, target)) continue;
      for (const FormatTuple& tuple : row->formats(open, target, all_types())) {
        const Problem closed = close_problem(open, tuple);
        if (!row->supports(closed, target)) continue;
        ++served;
        const std::string type(
            to_string(tuple.inputs.empty() ? DType::kF32 : tuple.inputs[0].dtype));
        if (!done.insert(std::string(row->name()) + " " + type).second) continue;
        EXPECT_NO_THROW(row->emit(closed, row->tactics(closed, target).front(), target))
            << row->name() << " " << closed.str();
      }
    }
    if (!std::getenv("TENFOLD_TEST_ROWS")) {
      EXPECT_GT(served, 0) << open.str();
    }
  }
}

TEST(TextsOfOlderMachines, OnesThatNvrtcDoesNotKnowAreUnsupported) {
  if (!cuda::nvrtc()) GTEST_SKIP() << cuda::nvrtc_error();
  try {
    (void)cuda::compile_text(cuda::FillNodes::text(), "sm_20");
    FAIL() << "NVRTC knows an sm_20";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupported);
    EXPECT_NE(std::string(e.what()).find("sm_20"), std::string::npos) << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Texts, ::testing::Values("a100", "h200"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tenfold
