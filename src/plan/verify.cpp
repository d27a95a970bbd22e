// Plan::verify: nothing that a plan says may make a reader index, allocate or loop out of bounds.
#include "src/plan/verify.h"

#include <algorithm>

#include "src/plan/flow.h"
#include "src/plan/storage.h"

namespace tenfold {

namespace {

constexpr size_t kMaxRank = 16;
constexpr size_t kMaxBindings = 1u << 12;
constexpr size_t kMaxPrograms = 1u << 10;
constexpr int32_t kMaxBlock = 4096;

}  // namespace

void verify_format(const Format& format, size_t rank) {
  const Layout& layout = format.layout;
  if (rank > kMaxRank) bad("more than 16 dimensions");
  if (bits_of(format.dtype) == 0 || format.dtype == DType::kTF32)
    bad("element type " + std::string(to_string(format.dtype)) + " cannot be stored");
  if (layout.pad < 1 || layout.pad > kMaxBlock) bad("the layout's padding is out of range");
  if (format.enclosing < 0) bad("the enclosing extent is negative");
  if (layout.kind == Layout::Kind::kOpaque) bad("opaque storage has no place in a plan");
  if (layout.kind != Layout::Kind::kLinear && rank < 2) bad("the layout needs two dimensions");
  if (layout.kind == Layout::Kind::kBlocked && (layout.block < 1 || layout.block > kMaxBlock))
    bad("the layout's block is out of range");
}

void verify_problem(const Problem& problem) {
  problem.verify();
  if (!problem.closed) bad("the Problem's formats are undecided");
  for (const auto* list : {&problem.inputs, &problem.outputs})
    for (const Operand& o : *list) verify_format(o.format, o.dims.size());
}

namespace {

void verify_recipe(const Section& section, const PlanConstant& c, size_t index) {
  verify_problem(c.recipe);
  if (!c.recipe.symbols.empty()) bad("its recipe depends on symbols");
  if (c.recipe.inputs.size() != c.inputs.size() || c.recipe.outputs.size() != 1)
    bad("its recipe has another number of operands");
  for (size_t k = 0; k < c.inputs.size(); ++k) {
    if (c.inputs[k] >= index) bad("its recipe needs a constant that is not earlier");
    const PlanConstant& source = section.constants[c.inputs[k]];
    const Operand& o = c.recipe.inputs[k];
    if (storage_bytes(o.format, const_extents(o.dims)) > storage_bytes(source.format, source.dims))
      bad("its recipe reads more than its source holds");
  }
  const Operand& out = c.recipe.outputs[0];
  if (const_extents(out.dims) != c.dims || !(out.format == c.format))
    bad("its recipe makes something else");
}

void verify_constant(const Section& section, size_t index) {
  const PlanConstant& c = section.constants[index];
  verify_format(c.format, c.dims.size());
  for (const int64_t d : c.dims)
    if (d < 0) bad("a negative extent");
  const int64_t bytes = storage_bytes(c.format, c.dims);
  if (c.is_recipe) {
    verify_recipe(section, c, index);
    return;
  }
  if (!c.inputs.empty()) bad("stored bytes have no inputs");
  if (c.bytes != static_cast<uint64_t>(bytes)) bad("its dims need another number of bytes");
  if (c.bytes > section.data_bytes || c.offset > section.data_bytes - c.bytes)
    bad("its bytes lie outside of the constant data");
}

void verify_binding(const Section& section, size_t index) {
  const Binding& b = section.bindings[index];
  if (b.name.empty()) bad("it has no name");
  for (size_t k = 0; k < index; ++k)
    if (section.bindings[k].name == b.name) bad("the name occurs twice");
  if (b.type.kind == ValueKind::kTensor && b.type.dtype != DType::kString) {
    verify_format(b.format, b.type.shape.size());
    if (b.format.dtype != b.type.dtype) bad("its format has another element type");
  }
  if (!b.format.dense()) bad("its format is not dense");
}

void verify_section(const Section& section) {
  if (section.target.kind.empty()) bad("its target has no kind");
  if (section.bindings.size() > kMaxBindings || section.programs.size() > kMaxPrograms)
    bad("more than 4096 bindings or 1024 programs");
  if (section.data_bytes != 0 && section.data == nullptr) bad("its constant data is missing");
  for (size_t k = 0; k < section.bindings.size(); ++k)
    within("binding '" + section.bindings[k].name + "'", [&] { verify_binding(section, k); });
  for (size_t k = 0; k < section.constants.size(); ++k)
    within("constant " + std::to_string(k) + " '" + section.constants[k].name + "'",
           [&] { verify_constant(section, k); });
  // Steps call later programs only, so every called one is reached from an entry; the first is one.
  const std::vector<bool> called = called_programs(section);
  for (size_t k = 0; k < section.programs.size(); ++k) {
    if (called[k]) continue;
    within("program " + std::to_string(k), [&] { verify_entry(section, k); });
  }
}

void verify_preprocess(const Plan& plan) {
  const Preprocess& p = plan.preprocess;
  if (!p.present) return;
  constexpr int kMaxSide = 1 << 16;
  if (p.channels != 1 && p.channels != 3) bad("pictures have 1 or 3 channels");
  if (p.resize_height < 0 || p.resize_width < 0 || p.resize_height > kMaxSide ||
      p.resize_width > kMaxSide)
    bad("the size of pictures is out of range");
  const auto& modes = Preprocess::kResizeModes;
  if (std::find(std::begin(modes), std::end(modes), p.resize_mode) == std::end(modes))
    bad("resize mode '" + p.resize_mode + "' is unknown");
  if (!p.border.empty() && p.border.size() != static_cast<size_t>(p.channels))
    bad("the border's color has another number of channels");
  for (const int32_t value : p.border)
    if (value < 0 || value > 255) bad("the border's color is out of range");
  for (const Section& s : plan.sections)
    if (std::none_of(s.bindings.begin(), s.bindings.end(),
                     [&](const Binding& b) { return b.is_input && b.name == p.input; }))
      bad("input '" + p.input + "' does not exist");
}

}  // namespace

void Plan::verify() const {
  for (size_t k = 0; k < sections.size(); ++k)
    within("plan section " + std::to_string(k), [&] { verify_section(sections[k]); });
  within("preprocessing", [&] { verify_preprocess(*this); });
}

}  // namespace tenfold
