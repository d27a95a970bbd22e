// The memory planner: offsets of a program's buffers for concrete sizes.
#include <algorithm>
#include <numeric>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/plan/order.h"
#include "src/plan/storage.h"

namespace tenfold {

namespace {

// Small things need little alignment; what kernels stream through gets that of a wide load.
constexpr int64_t kSmallAlignment = 64;
constexpr int64_t kLargeAlignment = 256;
constexpr int64_t kLargeBytes = 4096;

// Storage that needs a place: a buffer with its views and slices, or a step's scratch.
struct Item {
  int64_t bytes = 0;
  int64_t alignment = kSmallAlignment;
  std::vector<uint32_t> touched;       // steps that read or write it, ascending
  StepSet before;                      // steps that have finished when any of them begins
  bool to_the_end = false;             // a tap to be kept: never given up
  int64_t offset = -1;
  uint32_t first() const { return touched.front(); }
  uint32_t last() const { return touched.back(); }
};

void touch(Item& item, uint32_t step) {
  if (item.touched.empty() || item.touched.back() != step) item.touched.push_back(step);
}

// Whether `a` is done with before anything touches `b`.
bool precedes(const Item& a, const Item& b, const StepOrder& order) {
  if (a.to_the_end || a.last() >= b.first()) return false;
  return order.is_chain() || std::all_of(a.touched.begin(), a.touched.end(),
                                         [&](uint32_t x) { return b.before.contains(x); });
}

// Places the items in the given sequence, each at the lowest free offset; returns the peak.
int64_t place(std::vector<Item>& items, const std::vector<size_t>& sequence,
              const StepOrder& order) {
  int64_t peak = 0;
  std::vector<const Item*> placed, taken;
  for (const size_t k : sequence) {
    Item& item = items[k];
    taken.clear();
    for (const Item* other : placed)
      if (!precedes(*other, item, order) && !precedes(item, *other, order)) taken.push_back(other);
    std::sort(taken.begin(), taken.end(),
              [](const Item* a, const Item* b) { return a->offset < b->offset; });
    int64_t at = 0;
    for (const Item* other : taken) {
      if (checked_add(at, item.bytes) <= other->offset) break;
      at = std::max(at, checked_round_up(checked_add(other->offset, other->bytes), item.alignment));
    }
    item.offset = at;
    peak = std::max(peak, checked_add(at, item.bytes));
    placed.push_back(&item);
  }
  return peak;
}

int64_t most_live_bytes(const std::vector<Item>& items, size_t steps) {
  std::vector<int64_t> change(steps + 1, 0);
  for (const Item& item : items) {
    if (item.touched.empty()) continue;
    change[item.first()] = checked_add(change[item.first()], item.bytes);
    const size_t end = item.to_the_end ? steps : item.last() + 1;
    change[end] = checked_sub(change[end], item.bytes);
  }
  int64_t live = 0, most = 0;
  for (const int64_t c : change) most = std::max(most, live = checked_add(live, c));
  return most;
}

std::vector<Item> items_of(const Values& values, const SymbolValues& symbols,
                           const std::vector<int64_t>& scratch, bool keep_taps) {
  const Program& program = values.program;
  std::vector<Item> items(program.buffers.size() + scratch.size());
  for (uint32_t k = 0; k < program.buffers.size(); ++k)
    if (root_of(program, buffer_ref(k)) == buffer_ref(k))
      items[k].bytes = bytes_of(values, buffer_ref(k), symbols);
  for (uint32_t k = 0; k < program.steps.size(); ++k)
    for (const auto* refs : {&program.steps[k].inputs, &program.steps[k].outputs})
      for (const ValueRef& ref : *refs) {
        const ValueRef root = root_of(program, ref);
        if (root.kind == ValueRef::Kind::kBuffer) touch(items[root.index], k);
      }
  for (const Tap& tap : program.taps) {
    if (!keep_taps) break;
    const ValueRef root = root_of(program, tap.value);
    if (root.kind != ValueRef::Kind::kBuffer) continue;
    items[root.index].to_the_end = true;
    if (items[root.index].touched.empty()) touch(items[root.index], tap.after_step);
  }
  // What a called program is given and gives back is tapped there.
  for (const Step& step : program.steps) {
    if (!keep_taps || !calls_programs(step.kind)) continue;
    for (const auto* refs : {&step.inputs, &step.outputs})
      for (const ValueRef& ref : *refs)
        if (const ValueRef root = root_of(program, ref); root.kind == ValueRef::Kind::kBuffer)
          items[root.index].to_the_end = true;
  }
  for (uint32_t s = 0; s < scratch.size(); ++s) {
    items[program.buffers.size() + s].bytes = scratch[s];
    items[program.buffers.size() + s].touched = {s};
    // What called programs hold lies in the scratch of the step that calls them.
    items[program.buffers.size() + s].to_the_end =
        keep_taps && calls_programs(program.steps[s].kind);
  }
  for (Item& item : items)
    if (item.bytes >= kLargeBytes) item.alignment = kLargeAlignment;
  return items;
}

}  // namespace

MemoryPlan plan_memory(const Program& program, const SymbolValues& values,
                       const std::vector<int64_t>& scratch, std::vector<int64_t>* scratch_offsets,
                       const std::vector<Binding>& bindings, bool keep_taps) {
  if (scratch.size() > program.steps.size())
    throw Error(Code::kInvalid, "more scratch sizes than steps");
  static const std::vector<PlanConstant>
      kNoConstants;  // roots that are constants have no place here
  std::vector<Item> items = items_of({program, bindings, kNoConstants}, values, scratch, keep_taps);
  std::vector<size_t> by_step;
  for (size_t k = 0; k < items.size(); ++k)
    if (items[k].bytes > 0 && !items[k].touched.empty()) by_step.push_back(k);
  std::stable_sort(by_step.begin(), by_step.end(),
                   [&](size_t a, size_t b) { return items[a].first() < items[b].first(); });
  std::vector<size_t> by_size = by_step;
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return items[a].bytes > items[b].bytes; });
  const StepOrder order(program.steps);
  for (const size_t k : by_step) items[k].before = order.before_all(items[k].touched);
  const int64_t peak_by_size = place(items, by_size, order);
  const int64_t peak_by_step = place(items, by_step, order);
  MemoryPlan plan;
  plan.peak = peak_by_step < peak_by_size ? peak_by_step : place(items, by_size, order);
  plan.lower_bound = most_live_bytes(items, program.steps.size());
  const size_t n_buffers = program.buffers.size();
  for (uint32_t k = 0; k < n_buffers; ++k) {
    // Untouched or empty storage of its own gets a valid place of no bytes.
    const bool own = root_of(program, buffer_ref(k)) == buffer_ref(k);
    plan.offsets.push_back(own ? std::max<int64_t>(items[k].offset, 0) : -1);
  }
  if (scratch_offsets != nullptr) {
    scratch_offsets->clear();
    for (size_t s = 0; s < scratch.size(); ++s)
      scratch_offsets->push_back(std::max<int64_t>(items[n_buffers + s].offset, 0));
  }
  return plan;
}

}  // namespace tenfold
