// Constants of a plan section: stored sources and recipes over them, shared by all programs.
#pragma once

#include "tenfold/compile.h"

namespace tenfold::select {

class ConstantTable {
 public:
  // With `evaluate`, every constant that a step needs is stored in its final Format; else sources
  // and recipes are stored.
  ConstantTable(const Graph& graph, bool evaluate) : graph_(graph), evaluate_(evaluate) {}

  // Index of the constant in the given dims and Format.
  uint32_t want(ConstantId id, const Shape& dims, const Format& format);
  // Moves the table and its bytes into the section.
  void finish(Section& section);

 private:
  uint32_t plain(ConstantId id);  // as the graph has it: linear, its own dims
  uint32_t store(const std::string& name, const Extents& dims, const Format& format,
                 const Tensor& bytes);
  uint32_t recipe(const std::string& name, Problem problem, std::vector<uint32_t> inputs);

  const Graph& graph_;
  bool evaluate_;
  std::vector<PlanConstant> constants_;
  std::map<uint32_t, uint32_t> plain_;  // ConstantId -> index
  std::map<std::string, uint32_t> wanted_;
  std::vector<Tensor> stored_;  // kept alive until finish
  uint64_t bytes_ = 0;
};

}  // namespace tenfold::select
