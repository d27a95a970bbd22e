#include "backends/cpu/ref/common.h"

#include <cmath>
#include <cstring>
#include <span>

#include "src/base/checked.h"
#include "src/base/threads.h"
#include "src/expr/eval.h"

namespace tenfold::cpu::ref {
namespace {

constexpr int64_t kBlock = BlockEvaluator::kBlock;

// What evaluating the Expr over a range needs; one per range that runs at the same time.
struct Lane {
  BlockEvaluator::Workspace work;
  std::vector<double> blocks;              // one per load and output
  std::vector<const double*> acc, loads;   // by slot
  std::vector<double*> outs;
};

class Instance : public RowInstance {
 public:
  Instance(const RefDef& def, const Problem& p, int threads)
      : threads_(std::max(1, threads)), evaluator_(p.expr), fused_(!p.expr.empty()) {
    for (size_t k = 0; k < p.outputs.size(); ++k) {
      const Extents dims = output_dims(p, static_cast<int>(k));
      outputs_.emplace_back(p.outputs[k].format, dims, dims);
      clear_.push_back(bytes_to_clear(p.outputs[k].format, dims));
    }
    count_ = outputs_.at(0).count();
    for (size_t k = 0; k < p.outputs.size() && fused_; ++k)
      if (outputs_[k].count() != count_)
        throw Error(Code::kInvalid, p.op + ": outputs of an expression differ in size");
    if (def.make && largest_count() > 0) kernel_ = def.make(p, threads_);
    plan_scratch(p);
    if (fused_) make_lanes(p);
    slots_.resize(p.inputs.size() + p.outputs.size() + 1);
  }

  // Of the operands and the scratch, for record to fill.
  std::span<Slot> slots() { return slots_; }

  void run(void* const* slots) noexcept {
    if (largest_count() == 0) return;
    double* scratch = static_cast<double*>(slots[inputs_ + outputs_.size()]);
    void* const* out = slots + inputs_;
    if (kernel_) run_anchor(slots, scratch);
    for (size_t k = 0; k < outputs_.size(); ++k)
      if (clear_[k] > 0) std::memset(out[k], 0, static_cast<size_t>(clear_[k]));
    if (!fused_) {
      for (size_t k = 0; k < outputs_.size(); ++k)
        parallel_for(
            outputs_[k].count(), kBlock * 16,
            [&](int64_t from, int64_t to) {
              outputs_[k].write(out[k], from, to - from, scratch + acc_at_[k] + from);
            },
            threads_);
      return;
    }
    const int64_t blocks = (count_ + kBlock - 1) / kBlock;
    parallel_lanes(
        blocks, static_cast<int64_t>(lanes_.size()),
        [&](int64_t lane, int64_t b) {
          evaluate(lanes_[static_cast<size_t>(lane)], b * kBlock, slots, out, scratch);
        },
        threads_);
  }

 private:
  int64_t largest_count() const {
    int64_t most = 0;
    for (const Access& a : outputs_) most = std::max(most, a.count());
    return most;
  }
  // [widened operands][anchor results][workspace], each a whole number of blocks.
  void plan_scratch(const Problem& p) {
    inputs_ = p.inputs.size();
    int64_t at = 0;
    auto take = [&](int64_t count) {
      const int64_t start = at;
      at = checked_add(at, checked_round_up(count, kBlock));
      return start;
    };
    for (int k = 0; kernel_ && k < p.anchor_inputs; ++k) {
      const Operand& o = p.inputs[static_cast<size_t>(k)];
      const Extents dims = input_dims(p, k);
      widen_.emplace_back(o.format, dims, dims);
      const bool direct = kernel_->takes_f32(k) && widen_.back().dtype() == DType::kF32 &&
                          widen_.back().contiguous();
      widened_at_.push_back(direct ? -1 : take(widen_.back().count()));
    }
    for (size_t k = 0; kernel_ && k < (fused_ ? 1 : outputs_.size()); ++k)
      acc_at_.push_back(take(outputs_[k].count()));
    if (kernel_) workspace_at_ = take(kernel_->workspace_doubles());
    sources_.resize(widen_.size());
    results_.resize(acc_at_.size());
    needs.step_scratch = checked_mul(at, sizeof(double));
  }
  void make_lanes(const Problem& p) {
    const Extents space = output_dims(p);
    for (int slot : evaluator_.loads()) {
      const Operand& o = p.inputs[static_cast<size_t>(slot)];
      loads_.emplace_back(o.format, input_dims(p, slot), space);
    }
    const int64_t blocks = (count_ + kBlock - 1) / kBlock;
    lanes_.resize(static_cast<size_t>(std::clamp<int64_t>(blocks, 1, threads_)));
    for (Lane& lane : lanes_) {
      lane.work = evaluator_.workspace();
      lane.blocks.resize((loads_.size() + outputs_.size()) * kBlock);
      lane.loads.resize(p.inputs.size());
      lane.outs.resize(p.outputs.size());
      lane.acc.resize(std::max<size_t>(1, acc_at_.size()));
      double* at = lane.blocks.data();
      for (int slot : evaluator_.loads()) {
        lane.loads[static_cast<size_t>(slot)] = at;
        at += kBlock;
      }
      for (double*& out : lane.outs) {
        out = at;
        at += kBlock;
      }
    }
  }
  void run_anchor(void* const* slots, double* scratch) noexcept {
    for (size_t k = 0; k < widen_.size(); ++k) {
      if (widened_at_[k] < 0) {
        sources_[k] = {nullptr, static_cast<const float*>(slots[k])};
        continue;
      }
      double* wide = scratch + widened_at_[k];
      parallel_for(
          widen_[k].count(), kBlock * 16,
          [&](int64_t from, int64_t to) { widen_[k].read(slots[k], from, to - from, wide + from); },
          threads_);
      sources_[k] = {wide, nullptr};
    }
    for (size_t k = 0; k < acc_at_.size(); ++k) results_[k] = scratch + acc_at_[k];
    kernel_->run({sources_, results_, scratch + workspace_at_, threads_});
  }
  void evaluate(Lane& lane, int64_t begin, void* const* slots, void* const* out,
                const double* scratch) noexcept {
    const int64_t n = std::min(kBlock, count_ - begin);
    if (!acc_at_.empty()) lane.acc[0] = scratch + acc_at_[0] + begin;
    for (size_t k = 0; k < loads_.size(); ++k) {
      const auto slot = static_cast<size_t>(evaluator_.loads()[k]);
      loads_[k].read(slots[slot], begin, n, const_cast<double*>(lane.loads[slot]));
    }
    evaluator_.run(lane.acc.data(), lane.loads.data(), lane.outs.data(), lane.work);
    for (int k : evaluator_.outputs()) {
      const auto o = static_cast<size_t>(k);
      outputs_[o].write(out[o], begin, n, lane.outs[o]);
    }
  }

  int threads_;
  BlockEvaluator evaluator_;
  bool fused_;
  int64_t count_ = 0;                // elements of the Expr's space
  size_t inputs_ = 0;
  std::vector<Access> widen_, outputs_, loads_;
  std::vector<int64_t> clear_, widened_at_, acc_at_;
  int64_t workspace_at_ = 0;
  std::unique_ptr<RefKernel> kernel_;
  std::vector<Source> sources_;
  std::vector<double*> results_;
  std::vector<Lane> lanes_;
  std::vector<Slot> slots_;
};

// What the recorder copies.
struct Call {
  Instance* instance;
};

void run_host(void* const* slots, const void* data) noexcept {
  static_cast<const Call*>(data)->instance->run(slots);
}

class RefRow : public Row {
 public:
  explicit RefRow(RefDef def) : def_(std::move(def)), name_("ref." + def_.op) {
    if (def_.patterns.empty()) def_.patterns = {def_.op + "(...)"};
  }
  std::string_view name() const override { return name_; }
  std::string_view backend() const override { return "cpu"; }
  std::vector<std::string> patterns() const override { return def_.patterns; }

  Verdict supports(const Problem& p, const Target& target) const override {
    if (target.kind != "cpu") return Verdict::no("the reference runs on the CPU");
    if (p.op != def_.op) return Verdict::no("computes " + def_.op);
    if (p.outputs.empty()) return Verdict::no("there is no output");
    for (const auto* list : {&p.inputs, &p.outputs})
      for (const Operand& o : *list)
        if (Verdict v = check_operand(o); !v) return v;
    return def_.check ? def_.check(p) : Verdict{};
  }
  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    if (p.op == "Convert") return {as_given(p)};
    std::vector<FormatTuple> list = {tuple_of(p, Layout::linear())};
    FormatTuple last = tuple_of(p, Layout::channels_last());
    if (!(last == list[0])) list.push_back(std::move(last));
    return list;
  }
  // Far above what it takes: the reference is the last resort, and is not timed; its estimate must
  // not beat the time of another row that was measured on a busy machine.
  double estimate(const Problem& p, const Target& target) const override {
    constexpr double kLastResort = 20;
    const Cost cost = cost_of(p, p.tuning());
    const auto threads = static_cast<double>(std::max<int64_t>(1, target.i("threads", 1)));
    return 1000 + kLastResort * 1e6 * (cost.flops / 2e9 + cost.bytes / 0.5e9) / threads;
  }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override {
    return std::make_unique<Instance>(def_, args.problem, args.threads);
  }
  Needs needs(const Problem& p, const Tactic&, const Target& target) const override {
    return Instance(def_, p.bind(p.tuning()), static_cast<int>(target.i("threads", 1))).needs;
  }
  bool writes_slices() const override { return true; }
  bool reads_slices() const override { return true; }
  void record(Commands& commands, const Operands& operands, const RowState*,
              const RowInstance& instance) const noexcept override {
    auto* in = const_cast<Instance*>(static_cast<const Instance*>(&instance));
    const std::span<Slot> slots = in->slots();
    (void)list_slots(operands, slots);
    slots.back() = operands.scratch;
    const Call call{in};
    commands.host(run_host, slots, &call, sizeof(call));
  }

 private:
  static Verdict check_operand(const Operand& o) {
    const DType t = o.format.dtype;
    if (t == DType::kUndefined || t == DType::kString || t == DType::kC64 || t == DType::kC128 ||
        t == DType::kTF32)
      return Verdict::no("elements of type " + std::string(to_string(t)) + " are not computed");
    if (o.format.layout.kind == Layout::Kind::kOpaque) return Verdict::no("an operand is packed");
    if (o.dims.size() > kMaxRank) return Verdict::no("an operand has more than 16 axes");
    return {};
  }
  static FormatTuple as_given(const Problem& p) {
    FormatTuple tuple;
    for (const Operand& o : p.inputs) tuple.inputs.push_back(o.format);
    for (const Operand& o : p.outputs) tuple.outputs.push_back(o.format);
    tuple.compute = p.compute;
    tuple.accumulate = p.accumulate;
    return tuple;
  }
  static FormatTuple tuple_of(const Problem& p, Layout layout) {
    FormatTuple tuple;
    auto format = [&](const Operand& o) {
      Format f = o.format;
      f.layout = !o.constant && o.dims.size() >= 3 ? layout : Layout::linear();
      return f;
    };
    for (const Operand& o : p.inputs) tuple.inputs.push_back(format(o));
    for (const Operand& o : p.outputs) tuple.outputs.push_back(format(o));
    tuple.compute = p.compute;
    tuple.accumulate = p.accumulate;
    return tuple;
  }

  RefDef def_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Row> make_ref_row(RefDef def) { return std::make_unique<RefRow>(std::move(def)); }

}  // namespace tenfold::cpu::ref
