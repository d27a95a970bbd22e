// Which fields of which struct a plan file holds, in which order: one list each, for reading and
// writing alike. Evolution: append fields at a list's end; never remove, reorder or retype one.
#pragma once

#include "src/plan/wire.h"

namespace tenfold::wire {

// What the sections of a file hold besides constant data.
struct MetaRecord {
  std::string name, producer;
  std::vector<std::string> labels;
  Preprocess preprocess;
  std::map<std::string, std::string> metadata;
  uint32_t sections = 0;
};
struct TargetRecord {
  Target target;
  bool portable = false;
  std::vector<DeviceRef> devices;
  std::vector<Binding> bindings;
};
struct ProgramsRecord {
  std::vector<Program> programs;
};
struct ConstantsRecord {
  std::vector<PlanConstant> constants;
};
struct ArtifactsRecord {
  std::vector<Artifact> artifacts;
};

template <typename C>
void fields(C& c, Of<ValueRef> auto& v) {
  c(v.kind, v.index);
}
template <typename C>
void fields(C& c, Of<Layout> auto& v) {
  c(v.kind, v.block, v.pad);
}
template <typename C>
void fields(C& c, Of<Format> auto& v) {
  c(v.dtype, v.layout, v.enclosing, v.scale);
}
template <typename C>
void fields(C& c, Of<Type> auto& v) {
  c(v.kind, v.dtype, v.shape);
}
template <typename C>
void fields(C& c, Of<DeviceRef> auto& v) {
  c(v.kind, v.index);
}
template <typename C>
void fields(C& c, Of<Target> auto& v) {
  c(v.kind, v.name, v.numbers, v.texts);
}
template <typename C>
void fields(C& c, Of<Symbol> auto& v) {
  c(v.name, v.min, v.max, v.tune, v.data_dependent);
}
template <typename C>
void fields(C& c, Of<PlanBuffer> auto& v) {
  c(v.name, v.dims, v.format, v.inside, v.axis1_offset, v.same_as);
}
template <typename C>
void fields(C& c, Of<Step> auto& v) {
  c(v.kind, v.name, v.row, v.tactic, v.problem, v.inputs, v.outputs, v.deps, v.sources, v.artifact,
    v.device, v.programs, v.tuned_us, v.estimated_us);
}
template <typename C>
void fields(C& c, Of<Tap> auto& v) {
  c(v.name, v.value, v.after_step);
}
template <typename C>
void fields(C& c, Of<Program> auto& v) {
  c(v.symbols, v.buffers, v.steps, v.taps);
}
template <typename C>
void fields(C& c, Of<Binding> auto& v) {
  c(v.name, v.type, v.format, v.is_input);
}
template <typename C>
void fields(C& c, Of<PlanConstant> auto& v) {
  c(v.name, v.dims, v.format, v.is_recipe, v.offset, v.bytes, v.recipe, v.inputs);
}
template <typename C>
void fields(C& c, Of<Artifact> auto& v) {
  c(v.kind, v.entry, v.text_key, v.code);
}
template <typename C>
void fields(C& c, Of<Preprocess> auto& v) {
  c(v.present, v.channels, v.bgr, v.resize_height, v.resize_width, v.resize_mode, v.input, v.note,
    v.border);
}
template <typename C>
void fields(C& c, Of<MetaRecord> auto& v) {
  c(v.name, v.producer, v.labels, v.preprocess, v.metadata, v.sections);
}
template <typename C>
void fields(C& c, Of<TargetRecord> auto& v) {
  c(v.target, v.portable, v.devices, v.bindings);
}
template <typename C>
void fields(C& c, Of<ProgramsRecord> auto& v) {
  c(v.programs);
}
template <typename C>
void fields(C& c, Of<ConstantsRecord> auto& v) {
  c(v.constants);
}
template <typename C>
void fields(C& c, Of<ArtifactsRecord> auto& v) {
  c(v.artifacts);
}

}  // namespace tenfold::wire
