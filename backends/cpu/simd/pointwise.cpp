// Pointwise and Convert: any Expr in float over linear and channels-last operands, with
// broadcasting, change of layout, and 8-bit operands such as pictures. One block of the output at a
// time, one loop per instruction.
#include <cmath>
#include <cstring>

#include "backends/cpu/roofline.h"
#include "backends/cpu/simd/loops.h"
#include "backends/cpu/simd/pointwise_work.h"
#include "backends/cpu/simd/walk.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kBlock = 512;

bool storable(DType t) {
  return t == DType::kF32 || t == DType::kU8 || t == DType::kI8 || t == DType::kBool;
}

#if defined(__GNUC__) && !defined(__clang__)
#define TENFOLD_VECTORIZED __attribute__((noinline, optimize("O3")))
#else
#define TENFOLD_VECTORIZED
#endif

template <typename T>
TENFOLD_VECTORIZED void gather(const T* p, int64_t step, int64_t n, float* dst) {
  if (step == 1)
    for (int64_t k = 0; k < n; ++k) dst[k] = static_cast<float>(p[k]);
  else if (step == 0)
    std::fill_n(dst, n, static_cast<float>(p[0]));
  else
    for (int64_t k = 0; k < n; ++k) dst[k] = static_cast<float>(p[k * step]);
}
template <typename T>
void scatter(const float* src, T* p, int64_t step, int64_t n) {
  for (int64_t k = 0; k < n; ++k) p[k * step] = static_cast<T>(src[k]);
}

struct Operation {
  ExprOp op = ExprOp::kAcc;
  simd::Inst inst;
  int a = -1, b = -1, c = -1;  // registers
  int slot = 0;  // of loads and stores
  int cell = -1;  // block that the result goes to; -1: none needed
  bool power = false;  // with one exponent for all, known when it runs
};

// The fastest loop of a power with this exponent.
uint8_t loop_of_power(float exponent) {
  auto op = [](ExprOp o) { return static_cast<uint8_t>(o); };
  if (exponent == 2) return simd::kSquareLoop;
  if (exponent == 3) return simd::kCubeLoop;
  if (exponent == 0.5f) return op(ExprOp::kSqrt);
  if (exponent == -0.5f) return op(ExprOp::kRsqrt);
  if (exponent == -1) return op(ExprOp::kReciprocal);
  if (exponent == 0.75f) return simd::kPow3_4Loop;
  if (exponent == -0.75f) return simd::kPowMinus3_4Loop;
  return op(ExprOp::kPow);
}

// Whether a register holds the same value everywhere.
bool is_one_value(const Problem& p, const ExprInst& inst) {
  if (inst.op == ExprOp::kConst) return true;
  return inst.op == ExprOp::kLoad &&
         element_count(dims_of(p.inputs[static_cast<size_t>(inst.slot)])) == 1;
}

struct Lane {
  std::vector<float> cells;
  std::vector<const float*> values;  // of each instruction
};

// Block evaluation of one bound Problem.
class Evaluation : public HostWork {
 public:
  Evaluation(const Problem& p, int threads) : inputs_(p.inputs.size()), loop_(simd::best_loop()) {
    Expr expr = p.expr;
    if (expr.empty()) expr.store(0, expr.load(0));
    std::vector<const Operand*> operands;
    for (const Operand& o : p.outputs) operands.push_back(&o);
    for (const Operand& o : p.inputs) operands.push_back(&o);
    for (const Operand* o : operands) types_.push_back(o->format.dtype);
    if (!walk_.build(operands, const_extents(p.outputs[0].dims)))
      throw Error(Code::kUnsupported, "cpu.pointwise: an operand's layout is not affine");
    outputs_ = p.outputs.size();
    compile(p, expr);
    const int64_t blocks = (walk_.count() + kBlock - 1) / kBlock;
    lanes_.resize(static_cast<size_t>(std::clamp<int64_t>(blocks / 8, 1, std::max(1, threads))));
    for (Lane& lane : lanes_) {
      lane.cells.resize(static_cast<size_t>(cells_) * kBlock);
      lane.values.resize(code_.size());
      for (size_t k = 0; k < code_.size(); ++k)
        if (code_[k].op == ExprOp::kConst)
          std::fill_n(lane.cells.data() + code_[k].cell * kBlock, kBlock, code_[k].inst.imm);
    }
  }
  void run(void* const* slots) noexcept override {
    const int64_t blocks = (walk_.count() + kBlock - 1) / kBlock;
    const auto lanes = static_cast<int64_t>(lanes_.size());
    parallel_lanes(
        blocks, lanes,
        [&](int64_t lane, int64_t b) {
          block(lanes_[static_cast<size_t>(lane)], b * kBlock, slots);
        },
        static_cast<int>(lanes));
  }

 private:
  void compile(const Problem& p, const Expr& expr) {
    for (const ExprInst& inst : expr.code) {
      Operation o;
      o.op = inst.op;
      o.inst.op = static_cast<uint8_t>(inst.op);
      o.inst.imm = static_cast<float>(inst.imm);
      o.inst.imm2 = static_cast<float>(inst.imm2);
      if (inst.op == ExprOp::kCast && inst.type != DType::kF32) {
        o.inst.integral = true;
        o.inst.low = inst.type == DType::kI8 ? -128.0f : 0.0f;
        o.inst.high = inst.type == DType::kI8 ? 127.0f : 255.0f;
      }
      o.a = inst.a;
      o.b = inst.b;
      o.c = inst.c;
      o.slot = inst.slot;
      o.power = inst.op == ExprOp::kPow && is_one_value(p, expr.code[static_cast<size_t>(inst.b)]);
      if (inst.op != ExprOp::kStore) o.cell = cells_++;
      code_.push_back(o);
    }
  }
  void block(Lane& lane, int64_t begin, void* const* slots) noexcept {
    const int64_t n = std::min(kBlock, walk_.count() - begin);
    for (size_t k = 0; k < code_.size(); ++k) {
      const Operation& o = code_[k];
      float* cell = o.cell >= 0 ? lane.cells.data() + o.cell * kBlock : nullptr;
      auto value = [&](int r) { return r >= 0 ? lane.values[static_cast<size_t>(r)] : nullptr; };
      lane.values[k] = cell;
      if (o.op == ExprOp::kConst) continue;
      if (o.op == ExprOp::kLoad) {
        lane.values[k] = load(static_cast<size_t>(o.slot), begin, n, slots, cell);
      } else if (o.op == ExprOp::kStore) {
        store(static_cast<size_t>(o.slot), begin, n, slots, value(o.a));
      } else {
        simd::Inst inst = o.inst;
        if (o.power) inst.op = loop_of_power(*value(o.b));
        loop_(inst, n, value(o.a), value(o.b), value(o.c), cell);
      }
    }
  }
  const float* load(size_t input, int64_t begin, int64_t n, void* const* slots,
                    float* cell) const noexcept {
    const size_t operand = outputs_ + input;
    const void* data = slots[input];
    const DType t = types_[operand];
    if (t == DType::kF32 && walk_.contiguous(operand))
      return static_cast<const float*>(data) + begin;
    auto copy = [&](int64_t offset, int64_t step, int64_t at, int64_t count) {
      if (t == DType::kF32)
        gather(static_cast<const float*>(data) + offset, step, count, cell + at);
      else if (t == DType::kI8)
        gather(static_cast<const int8_t*>(data) + offset, step, count, cell + at);
      else
        gather(static_cast<const uint8_t*>(data) + offset, step, count, cell + at);
    };
    const int64_t period = walk_.period(operand);
    if (period == 0) {
      walk_.for_runs(operand, begin, n, copy);
      return cell;
    }
    const int64_t step = walk_.period_step(operand), phase = begin % period;
    const int64_t head = std::min(n, period - phase), tail = std::min(n - head, phase);
    copy(phase * step, step, 0, head);
    copy(0, step, head, tail);
    for (int64_t done = head + tail; done < n; done *= 2)  // whole periods from here on
      std::memcpy(cell + done, cell, static_cast<size_t>(std::min(done, n - done)) * sizeof(float));
    return cell;
  }
  void store(size_t output, int64_t begin, int64_t n, void* const* slots,
             const float* v) const noexcept {
    void* data = slots[inputs_ + output];
    const DType t = types_[output];
    walk_.for_runs(output, begin, n, [&](int64_t offset, int64_t step, int64_t at, int64_t count) {
      if (t == DType::kF32 && step == 1) {
        std::memcpy(static_cast<float*>(data) + offset, v + at,
                    static_cast<size_t>(count) * sizeof(float));
      } else if (t == DType::kF32) {
        scatter(v + at, static_cast<float*>(data) + offset, step, count);
      } else {
        for (int64_t k = 0; k < count; ++k)
          store_element(t, data, offset + k * step, static_cast<double>(v[at + k]));
      }
    });
  }

  size_t inputs_, outputs_ = 0;
  simd::Loop loop_;
  Walk walk_;  // outputs, then inputs
  std::vector<DType> types_;  // of the same
  std::vector<Operation> code_;
  int cells_ = 0;
  std::vector<Lane> lanes_;
};

Verdict check_operand(const Operand& o) {
  if (!storable(o.format.dtype) || o.format.scale != 0)
    return Verdict::no("an operand is " + std::string(to_string(o.format.dtype)));
  if (o.dims.size() > Walk::kMaxRank) return Verdict::no("an operand has more than 8 axes");
  return {};
}

class PointwiseRow : public HostRow {
 public:
  PointwiseRow() : HostRow("cpu.pointwise", {"Pointwise(...)", "Convert(x)"}, 0.04) {}

  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    if (p.op == "Convert") return {tuple_of(p, std::nullopt, std::nullopt)};
    const Layout cl = Layout::channels_last(), linear = Layout::linear();
    std::vector<FormatTuple> list;
    for (FormatTuple t : {tuple_of(p, cl, cl), tuple_of(p, linear, linear), tuple_of(p, linear, cl),
                          tuple_of(p, cl, linear)})
      if (std::find(list.begin(), list.end(), t) == list.end()) list.push_back(std::move(t));
    return list;
  }
  // A block of elements is read before it is written.
  int in_place(const Problem& p) const override {
    if (p.op != "Pointwise" || p.outputs.size() != 1) return -1;
    for (size_t k = 0; k < p.inputs.size(); ++k)
      if (!p.inputs[k].constant && p.inputs[k].dims == p.outputs[0].dims &&
          p.inputs[k].format == p.outputs[0].format)
        return static_cast<int>(k);
    return -1;
  }
  double estimate(const Problem& p, const Target& target) const override {
    const bool turns =
        !p.inputs.empty() && p.inputs[0].format.layout.kind != p.outputs[0].format.layout.kind;
    return HostRow::estimate(p, target) * (turns ? 1.5 : 1.1);
  }

 protected:
  Verdict check(const Problem& p) const override { return check_pointwise(p); }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    return make_pointwise(p, threads);
  }
};

}  // namespace

Verdict check_pointwise(const Problem& p) {
  if (p.op == "Convert" && !p.expr.empty()) return Verdict::no("a conversion takes no epilogue");
  for (const auto* list : {&p.inputs, &p.outputs})
    for (const Operand& o : *list)
      if (Verdict v = check_operand(o); !v) return v;
  for (const ExprInst& inst : p.expr.code) {
    if (inst.op == ExprOp::kMod || inst.op == ExprOp::kQuantize || inst.op == ExprOp::kDequantize)
      return Verdict::no("has no loop for " + std::string(to_string(inst.op)));
    if (inst.op == ExprOp::kCast && inst.type != DType::kF32 && inst.type != DType::kU8 &&
        inst.type != DType::kI8)
      return Verdict::no("has no loop for casts to " + std::string(to_string(inst.type)));
  }
  for (const Operand& o : p.outputs)
    if (!(o.dims == p.outputs[0].dims)) return Verdict::no("outputs differ in extents");
  return {};
}

std::unique_ptr<HostWork> make_pointwise(const Problem& bound, int threads) {
  return std::make_unique<Evaluation>(bound, threads);
}

std::unique_ptr<Row> cpu_pointwise() { return std::make_unique<PointwiseRow>(); }

}  // namespace tenfold::cpu
