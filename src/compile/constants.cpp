#include "src/compile/constants.h"

#include <cstring>

#include "src/compile/lower.h"
#include "src/runtime/reference.h"

namespace tenfold::select {
namespace {

constexpr uint64_t kAlign = 64;

// The bytes of `value` in `format`, as a u8 tensor when the storage is not dense row-major.
Tensor formatted(const Tensor& value, const Shape& dims, const Format& format) {
  if (format.layout == Layout::linear() && format.dtype == value.dtype() && format.dense())
    return value;
  return evaluate_problem(conversion(dims, Format{value.dtype(), Layout::linear()}, format, true),
                          {value});
}

}  // namespace

uint32_t ConstantTable::store(const std::string& name, const Extents& dims, const Format& format,
                              const Tensor& bytes) {
  PlanConstant c;
  c.name = name;
  c.dims = dims;
  c.format = format;
  c.offset = (bytes_ + kAlign - 1) / kAlign * kAlign;
  c.bytes = static_cast<uint64_t>(bytes.bytes());
  bytes_ = c.offset + c.bytes;
  constants_.push_back(std::move(c));
  stored_.push_back(bytes);
  return static_cast<uint32_t>(constants_.size()) - 1;
}

uint32_t ConstantTable::recipe(const std::string& name, Problem problem,
                               std::vector<uint32_t> inputs) {
  PlanConstant c;
  c.name = name;
  c.dims = const_extents(problem.outputs.at(0).dims);
  c.format = problem.outputs.at(0).format;
  c.is_recipe = true;
  c.recipe = std::move(problem);
  c.inputs = std::move(inputs);
  constants_.push_back(std::move(c));
  stored_.emplace_back();
  return static_cast<uint32_t>(constants_.size()) - 1;
}

uint32_t ConstantTable::plain(ConstantId root) {
  // Explicit stack: recipes may be deep.
  std::vector<ConstantId> pending{root};
  while (!pending.empty()) {
    const ConstantId id = pending.back();
    if (plain_.count(id.index)) {
      pending.pop_back();
      continue;
    }
    const Constant& c = graph_.constant(id);
    bool ready = true;
    for (ConstantId input : c.inputs)
      if (!plain_.count(input.index)) {
        pending.push_back(input);
        ready = false;
      }
    if (!ready) continue;
    pending.pop_back();
    if (!c.is_recipe()) {
      plain_[id.index] = store(c.name, const_extents(c.type.shape),
                               Format{c.type.dtype, Layout::linear()}, c.source);
      continue;
    }
    std::vector<uint32_t> inputs;
    for (ConstantId input : c.inputs) inputs.push_back(plain_.at(input.index));
    plain_[id.index] = recipe(c.name, lower_recipe(graph_, c), std::move(inputs));
  }
  return plain_.at(root.index);
}

uint32_t ConstantTable::want(ConstantId id, const Shape& dims, const Format& format) {
  const std::string key = std::to_string(id.index) + "|" + str(dims) + "|" + format.str();
  if (const auto found = wanted_.find(key); found != wanted_.end()) return found->second;
  const Constant& c = graph_.constant(id);
  uint32_t index = 0;
  if (evaluate_) {
    const Tensor value = evaluate_constant(graph_, id).reshaped(const_extents(dims));
    index = store(c.name, const_extents(dims), format, formatted(value, dims, format));
  } else {
    index = plain(id);
    if (c.type.shape != dims) {
      Problem reshape;
      reshape.op = "Reshape";
      reshape.attrs.set("shape", const_extents(dims));
      reshape.inputs = {Operand{c.type.shape, Format{c.type.dtype, Layout::linear()}, true}};
      reshape.outputs = {Operand{dims, Format{c.type.dtype, Layout::linear()}, false}};
      reshape.anchor_inputs = 1;
      reshape.closed = true;
      index = recipe(c.name, std::move(reshape), {index});
    }
    const Format have{c.type.dtype, Layout::linear()};
    if (!(have == format)) index = recipe(c.name, conversion(dims, have, format, true), {index});
  }
  wanted_[key] = index;
  return index;
}

void ConstantTable::finish(Section& section) {
  std::shared_ptr<std::byte> data(new std::byte[bytes_ ? bytes_ : 1],
                                  std::default_delete<std::byte[]>());
  std::memset(data.get(), 0, bytes_ ? bytes_ : 1);
  for (size_t k = 0; k < constants_.size(); ++k)
    if (!constants_[k].is_recipe)
      std::memcpy(data.get() + constants_[k].offset, stored_[k].data(), constants_[k].bytes);
  section.constants = std::move(constants_);
  section.data = std::move(data);
  section.data_bytes = bytes_;
}

}  // namespace tenfold::select
