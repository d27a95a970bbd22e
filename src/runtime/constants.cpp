#include "src/runtime/constants.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "src/base/threads.h"
#include "src/plan/data.h"
#include "src/runtime/evaluate.h"

namespace tenfold {

namespace {

// To wake a sleeping thread takes as long as to read and write about a quarter of this.
constexpr int64_t kBytesWorthAThread = 1 << 20;

bool is_row_major(const Format& format) {
  return format.layout.kind == Layout::Kind::kLinear && format.layout.pad == 1 && format.dense();
}

// A recipe whose value is its source's bytes as they are.
bool only_renames_axes(const PlanConstant& c) {
  static constexpr std::string_view kViews[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze",
                                                "Identity"};
  const Problem& p = c.recipe;
  return std::find(std::begin(kViews), std::end(kViews), p.op) != std::end(kViews) &&
         c.inputs.size() == 1 && p.expr.empty() && is_row_major(p.inputs[0].format) &&
         p.inputs[0].format == p.outputs[0].format &&
         element_count(p.inputs[0].dims) == element_count(p.outputs[0].dims);
}

}  // namespace

ConstantStore::ConstantStore(const Section& section, std::shared_ptr<Device> host, int threads,
                             int64_t limit)
    : section_(section), host_(std::move(host)), threads_(threads), limit_(limit) {
  pointers_.resize(section.constants.size());
  made_.resize(section.constants.size());
  for (const PlanConstant& c : section.constants) bytes_.push_back(storage_bytes(c.format, c.dims));
}

// Recipes by their distance from stored bytes: those of one level do not depend on each other.
std::vector<std::vector<uint32_t>> ConstantStore::levels_of(const std::vector<bool>& needed) const {
  std::vector<size_t> depth(needed.size(), 0);
  std::vector<std::vector<uint32_t>> levels;
  for (uint32_t k = 0; k < needed.size(); ++k) {
    const PlanConstant& c = section_.constants[k];
    if (!needed[k] || !c.is_recipe) continue;
    for (const uint32_t input : c.inputs) depth[k] = std::max(depth[k], depth[input]);
    depth[k] += 1;
    if (levels.size() < depth[k]) levels.resize(depth[k]);
    levels[depth[k] - 1].push_back(k);
  }
  return levels;
}

void ConstantStore::evaluate(const std::vector<bool>& wanted) {
  std::vector<bool> needed = wanted;
  bool any_stored = false;
  int64_t made = 0;
  for (size_t k = needed.size(); k-- > 0;) {
    if (!needed[k]) continue;
    const PlanConstant& c = section_.constants[k];
    for (const uint32_t input : c.inputs) needed[input] = true;
    if (c.is_recipe)
      made = checked_add(made, bytes_[k]);
    else
      any_stored = true;
  }
  if (limit_ > 0 && made > limit_)
    throw Error(Code::kResource, "the plan's constants need " + std::to_string(made) +
                                     " bytes, the limit is " + std::to_string(limit_));
  if (any_stored) verify_plan_data(section_);
  for (uint32_t k = 0; k < needed.size(); ++k)
    if (needed[k] && !section_.constants[k].is_recipe) load_stored(k);
  for (const std::vector<uint32_t>& level : levels_of(needed)) {
    const int threads = threads_for(level);
    const auto make_range = [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) make(level[static_cast<size_t>(k)], threads);
    };
    // A single recipe keeps all threads for itself.
    if (level.size() == 1)
      make_range(0, 1);
    else
      parallel_tasks(static_cast<int64_t>(level.size()), make_range, threads);
  }
  for (uint32_t k = 0; k < needed.size(); ++k)
    if (needed[k] && !wanted[k]) release(k);
}

int ConstantStore::threads_for(const std::vector<uint32_t>& level) const {
  int64_t bytes = 0;
  for (const uint32_t k : level) {
    bytes += bytes_[k];
    for (const uint32_t input : section_.constants[k].inputs) bytes += bytes_[input];
  }
  return static_cast<int>(std::clamp<int64_t>(bytes / kBytesWorthAThread, 1, threads_));
}

void ConstantStore::load_stored(uint32_t index) {
  static const std::byte kNothing[64] = {};
  const PlanConstant& c = section_.constants[index];
  const std::byte* at = bytes_[index] == 0 ? kNothing : section_.data.get() + c.offset;
  if (reinterpret_cast<uintptr_t>(at) % 64 != 0 && bytes_[index] != 0) {
    made_[index] = Tensor(DType::kU8, {bytes_[index]});
    std::memcpy(made_[index].mutable_data(), at, c.bytes);
    at = static_cast<const std::byte*>(made_[index].data());
  }
  pointers_[index] = at;
}

void ConstantStore::make(uint32_t index, int threads) {
  const PlanConstant& c = section_.constants[index];
  if (only_renames_axes(c)) {
    made_[index] = made_[c.inputs[0]];
    pointers_[index] = pointers_[c.inputs[0]];
    return;
  }
  std::vector<const void*> inputs;
  for (const uint32_t input : c.inputs) inputs.push_back(pointers_[input]);
  // Zeroed, because layouts pad channels with zeros. Never without an address.
  Tensor value = Tensor::zeros(DType::kU8, {std::max<int64_t>(bytes_[index], 1)});
  void* output = value.mutable_data();
  try {
    run_reference(c.recipe, inputs, {&output, 1}, *host_, threads);
  } catch (const Error& e) {
    throw Error(e.code(), "constant '" + c.name + "': " + e.what(), e.notes());
  }
  made_[index] = std::move(value);
  pointers_[index] = made_[index].data();
}

void ConstantStore::release(uint32_t index) {
  made_[index] = Tensor();
  pointers_[index] = nullptr;
}

}  // namespace tenfold
