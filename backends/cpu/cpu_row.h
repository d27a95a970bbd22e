// What the CPU's fast rows share: names, anchors and estimates.
#pragma once

#include "backends/cpu/roofline.h"
#include "tenfold/kernel.h"

namespace tenfold::cpu {

class CpuRow : public Row {
 public:
  // `efficiency`: share of the processor's peak, for estimates.
  CpuRow(std::string name, std::vector<std::string> patterns, double efficiency)
      : name_(std::move(name)), patterns_(std::move(patterns)), efficiency_(efficiency) {}

  std::string_view name() const override { return name_; }
  std::string_view backend() const override { return "cpu"; }
  std::vector<std::string> patterns() const override { return patterns_; }
  double estimate(const Problem& problem, const Target& target) const override {
    return estimate_us(problem, target, efficiency_);
  }

 protected:
  // What supports asks first: a CPU, and an op that a pattern is anchored at.
  Verdict serves(const Problem& problem, const Target& target) const {
    if (target.kind != backend()) return Verdict::no("serves the CPU");
    for (const std::string& pattern : patterns_)
      if (pattern.compare(0, pattern.find('('), problem.op) == 0) return {};
    return Verdict::no("does not compute " + problem.op);
  }

 private:
  std::string name_;
  std::vector<std::string> patterns_;
  double efficiency_;
};

}  // namespace tenfold::cpu
