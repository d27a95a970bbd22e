// A machine whose kernels take times drawn at random, to search on. Nothing runs on it.
#pragma once

#include "tenfold/compile.h"
#include "tenfold/kernel.h"

namespace tenfold::test {

// Takes any Problem of its pattern, linear or channels last, at a time drawn by seed and Problem.
class ToyRow : public Row {
 public:
  static inline uint64_t seed = 0;
  ToyRow(std::string name, std::string pattern, double least, double most, bool epilogue = true)
      : name_("toy." + name),
        pattern_(std::move(pattern)),
        least_(least),
        most_(most),
        epilogue_(epilogue) {}
  std::string_view name() const override { return name_; }
  std::string_view backend() const override { return "toy"; }
  std::vector<std::string> patterns() const override { return {pattern_}; }
  Verdict supports(const Problem& p, const Target&) const override {
    return epilogue_ || p.expr.empty() ? Verdict{} : Verdict::no("no epilogue");
  }
  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet types) const override {
    std::vector<FormatTuple> all;
    for (const Layout& in : {Layout::linear(), Layout::channels_last()})
      for (const Layout& out : {Layout::linear(), Layout::channels_last()})
        for (const DType type : {DType::kF32, DType::kF16}) {
          if (!types.contains(type)) continue;
          FormatTuple t;
          for (const Operand& o : p.inputs)
            t.inputs.push_back(o.constant ? Format{} : Format{type, in});
          t.outputs.assign(p.outputs.size(), Format{type, out});
          all.push_back(std::move(t));
        }
    return all;
  }
  double estimate(const Problem& p, const Target&) const override {
    const uint64_t drawn = std::hash<std::string>{}(p.str() + std::to_string(seed) + name_);
    return least_ + (most_ - least_) * static_cast<double>(drawn % 1000) / 1000;
  }
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs&) const override {
    throw Error(Code::kUnsupported, "a toy");
  }
  void record(Commands&, const Operands&, const RowState*,
              const RowInstance&) const noexcept override {}

 private:
  const std::string name_, pattern_;
  const double least_, most_;
  const bool epilogue_;
};

inline void register_toys() {
  if (find_row("toy.conv")) return;
  register_row(std::make_unique<ToyRow>("conv", "Conv(x, @w)", 4, 12));
  register_row(std::make_unique<ToyRow>("conv_alone", "Conv(x, @w)", 4, 8, false));
  register_row(std::make_unique<ToyRow>("pool", "MaxPool(x)", 1, 6));
  register_row(std::make_unique<ToyRow>("pointwise", "Pointwise(...)", 0.2, 1));
  register_row(std::make_unique<ToyRow>("concat", "Concat(...)", 1, 5));
  register_row(std::make_unique<ToyRow>("split", "Split(x)", 0.2, 5));
  register_row(std::make_unique<ToyRow>("convert", "Convert(x)", 1, 6));
}

inline Target toy_target() {
  Target target;
  target.kind = "toy";
  return target;
}

inline CompileOptions untimed() {
  CompileOptions options;
  options.timing = false;
  return options;
}

}  // namespace tenfold::test
