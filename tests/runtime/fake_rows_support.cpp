// Rows of the fake device: a 3x3 convolution with bias and ReLU, and `x * 0.5 + x`, both f32,
// written plainly; together they run small_plan("fake.", "fake").
#include <algorithm>
#include <cstring>

#include "tests/runtime/fake_device.h"

namespace tenfold::test {

namespace {

struct PackedWeights : RowState {
  std::vector<float> values;
};
struct Sized : RowInstance {
  int64_t images = 0, count = 0;
};

// Common to both: formats as they come, one run.
class FakeRow : public Row {
 public:
  std::string_view backend() const override { return "fake"; }
  std::vector<FormatTuple> formats(const Problem&, const Target&, TypeSet) const override {
    return {};
  }
  double estimate(const Problem&, const Target&) const override { return 1; }
};

class FakeConv : public FakeRow {
 public:
  std::string_view name() const override { return "fake.Conv"; }
  std::vector<std::string> patterns() const override { return {"Conv(x, @w)"}; }
  Verdict supports(const Problem& p, const Target&) const override {
    return p.op == "Conv" ? Verdict{} : Verdict::no("not a convolution");
  }
  bool packs(const Problem&, int k) const override { return k == 1; }
  std::unique_ptr<RowState> prepare(const PrepareArgs& args) const override {
    ++fake_row_counters().prepared;
    if (args.artifact != nullptr) ++fake_row_counters().trusted;
    auto state = std::make_unique<PackedWeights>();
    const TensorView w = args.constant(1);
    const auto* first = static_cast<const float*>(w.data);
    state->values.assign(first, first + w.count());
    return state;
  }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override {
    ++fake_row_counters().attached;
    auto instance = std::make_unique<Sized>();
    instance->images = args.problem.outputs[0].dims[0].value();
    instance->needs = {1000, 8, 128};
    return instance;
  }
  void record(Commands& c, const Operands& o, const RowState* state,
              const RowInstance& instance) const noexcept override {
    const Data data{static_cast<const PackedWeights*>(state)->values.data(),
                    static_cast<const Sized&>(instance).images};
    const Slot slots[] = {o.inputs[0], o.inputs[2], o.outputs[0], o.scratch, o.context_scratch};
    if (o.inputs[1].valid()) c.copy(o.inputs[1], o.inputs[1], 1);   // fails: it is packed
    c.host(run, slots, &data, sizeof data);
  }

 private:
  struct Data {
    const float* weights;
    int64_t images;
  };
  static void run(void* const* slots, const void* plain) noexcept {
    Data d;
    std::memcpy(&d, plain, sizeof d);
    const auto* x = static_cast<const float*>(slots[0]);
    const auto* bias = static_cast<const float*>(slots[1]);
    auto* y = static_cast<float*>(slots[2]);
    std::memset(slots[3], 0xee, 1000);               // scratch is ours during the step
    ++*static_cast<int64_t*>(slots[4]);              // context scratch is kept
    for (int64_t at = 0; at < d.images * 4 * 36; ++at) {
      const int64_t image = at / 144, o = at / 36 % 4, row = at / 6 % 6, col = at % 6;
      float acc = 0;
      for (int64_t tap = 0; tap < 18; ++tap) {
        const int64_t c = tap / 9, iy = row + tap / 3 % 3 - 1, ix = col + tap % 3 - 1;
        if (iy >= 0 && ix >= 0 && iy < 6 && ix < 6)
          acc += x[((image * 2 + c) * 6 + iy) * 6 + ix] * d.weights[o * 18 + tap];
      }
      y[at] = std::max(acc + bias[o], 0.0f);
    }
  }
};

class FakePointwise : public FakeRow {
 public:
  std::string_view name() const override { return "fake.Pointwise"; }
  std::vector<std::string> patterns() const override { return {"Pointwise(...)"}; }
  Verdict supports(const Problem& p, const Target&) const override {
    return p.op == "Pointwise" ? Verdict{} : Verdict::no("not pointwise");
  }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override {
    ++fake_row_counters().attached;
    auto instance = std::make_unique<Sized>();
    instance->count = element_count(const_extents(args.problem.outputs[0].dims));
    return instance;
  }
  void record(Commands& c, const Operands& o, const RowState*,
              const RowInstance& instance) const noexcept override {
    const int64_t count = static_cast<const Sized&>(instance).count;
    const Slot slots[] = {o.inputs[0], o.outputs[0]};
    c.host(
        [](void* const* p, const void* plain) noexcept {
          int64_t n = 0;
          std::memcpy(&n, plain, sizeof n);
          const auto* x = static_cast<const float*>(p[0]);
          auto* y = static_cast<float*>(p[1]);
          for (int64_t k = 0; k < n; ++k) y[k] = x[k] * 0.5f + x[k];
        },
        slots, &count, sizeof count);
  }
};

}  // namespace

FakeRowCounters& fake_row_counters() {
  static FakeRowCounters counters;
  return counters;
}

void register_fake_rows() {
  static const bool once = [] {
    register_row(std::make_unique<FakeConv>());
    register_row(std::make_unique<FakePointwise>());
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace tenfold::test
