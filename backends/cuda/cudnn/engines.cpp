#include "backends/cuda/cudnn/engines.h"

#include <algorithm>
#include <charconv>

#include "tenfold/diag.h"

namespace tenfold::cuda::cudnn {
namespace {

constexpr int kMostKnobs = 64;
constexpr int kMostNotes = 32;
constexpr int kMostConfigs = 1024;

bool holds(const std::vector<int>& notes, int note) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

// Whether results of an engine with these notes are what the Problem asked for.
bool allowed(const std::vector<int>& numerical, const std::vector<int>& behavior,
             const ConvSpec& spec) {
  if (holds(behavior, kBehaviorInt8Filter) || holds(behavior, kBehaviorInt8Bias)) return false;
  if (holds(numerical, kNoteReducedReduction) || holds(numerical, kNoteFft)) return false;
  if (holds(numerical, kNoteNondeterministic)) return false;
  if (spec.compute == DType::kF16) return true;
  if (holds(numerical, kNoteWinograd)) return false;
  if (spec.compute == DType::kTF32) return true;
  return !holds(numerical, kNoteTensorCore) && !holds(numerical, kNoteDownConvert);
}

int64_t number_after(const std::string& text, size_t& at) {
  int64_t value = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc{}) throw Error(Code::kInvalid, "bad cuDNN tactic '" + text + "'");
  at += static_cast<size_t>(end - begin);
  return value;
}

size_t value_of(const std::string& text, const std::string& key) {
  const size_t at = text.find(key + "=");
  if (at == std::string::npos)
    throw Error(Code::kInvalid, "cuDNN tactic '" + text + "' lacks " + key);
  return at + key.size() + 1;
}

EngineChoice read_config(const Descriptor& config, const Descriptor& engine, GraphForm form,
                         const std::vector<int>& behavior) {
  EngineChoice choice;
  choice.form = form;
  choice.engine = engine.get_int(kAttrEngineIndex);
  choice.workspace = config.get_int(kAttrConfigWorkspace);
  choice.runtime_compiled = holds(behavior, kBehaviorRuntime);
  for (const Descriptor& knob :
       config.get_descriptors(kAttrConfigKnobs, kKnobDescriptor, kMostKnobs)) {
    const std::vector<int> type = knob.get_values(kAttrKnobType, kTypeKnobType, 1);
    if (!type.empty()) choice.knobs.emplace_back(type[0], knob.get_int(kAttrKnobValue));
  }
  return choice;
}

}  // namespace

std::string EngineChoice::str() const {
  std::string text = std::string("graph=") + static_cast<char>(form) +
                     " engine=" + std::to_string(engine) + " knobs=";
  for (size_t k = 0; k < knobs.size(); ++k)
    text += (k ? "," : "") + std::to_string(knobs[k].first) + ":" + std::to_string(knobs[k].second);
  return text + " ws=" + std::to_string(workspace);
}

EngineChoice EngineChoice::parse(const std::string& text) {
  EngineChoice choice;
  size_t at = value_of(text, "graph");
  const char form = at < text.size() ? text[at] : 0;
  if (form != 'A' && form != 'B')
    throw Error(Code::kInvalid, "cuDNN tactic '" + text + "' names no known graph");
  choice.form = static_cast<GraphForm>(form);
  at = value_of(text, "engine");
  choice.engine = number_after(text, at);
  at = value_of(text, "knobs");
  while (at < text.size() && text[at] != ' ') {
    if (text[at] == ',') ++at;
    const int64_t type = number_after(text, at);
    if (at >= text.size() || text[at] != ':' || type < 0 || type > 1000)
      throw Error(Code::kInvalid, "bad knobs in cuDNN tactic '" + text + "'");
    ++at;
    choice.knobs.emplace_back(static_cast<int>(type), number_after(text, at));
    if (choice.knobs.size() > kMostKnobs)
      throw Error(Code::kInvalid, "too many knobs in cuDNN tactic");
  }
  at = value_of(text, "ws");
  choice.workspace = number_after(text, at);
  if (choice.workspace < 0 || choice.workspace > kWorkspaceCap)
    throw Error(Code::kInvalid, "cuDNN tactic '" + text + "' asks for too much scratch");
  return choice;
}

Descriptor describe_device(const Target& t) {
  const int64_t cc = t.i("cc", 0), regs = t.i("regs_per_sm", 65536);
  std::string name;
  for (const char c : t.name)
    if (c >= ' ' && c != '"' && c != '\\') name += c;
  std::string json = "{\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64]";
  const auto add = [&](const char* key, int64_t value) {
    json += std::string(",\"") + key + "\":" + std::to_string(value);
  };
  add("regsPerBlock", 65536);
  add("multiProcessorCount", t.i("sm_count", 1));
  add("warpSize", t.i("warp_size", 32));
  add("maxSharedMemoryPerBlock", t.i("shared_per_block", 49152));
  add("maxSharedMemoryPerBlockOptin", t.i("shared_per_block_optin", 49152));
  add("reservedSharedMemoryPerBlock", cc >= 80 ? 1024 : 0);
  add("maxRegistersPerSM", regs);
  add("maxCtasPerSM", cc == 75 || cc == 86 ? 16 : cc == 89 ? 24 : 32);
  add("maxThreadsPerBlock", 1024);
  add("maxThreadsPerSM", t.i("threads_per_sm", 2048));
  add("pciDeviceId", 0);
  add("isTccDriver", 0);
  add("supportCoopLaunch", 1);
  add("totalGlobalMem", t.i("mem_bytes", int64_t{16} << 30));
  add("smClockRateKHz", t.i("clock_khz", 1500000));
  add("memClockRateKHz", t.i("mem_clock_khz", 3200000));
  add("l2CacheSize", t.i("l2_bytes", 4 << 20));
  add("cudaDeviceId", 0);
  add("deviceVer", cc * 10);
  add("driverVer", 13000);
  json += ",\"deviceName\":\"" + name + "\"}";
  Descriptor device(kDevicePropDescriptor);
  device.set(kAttrDevicePropJson, kTypeChar, static_cast<int64_t>(json.size()), json.data());
  device.finalize();
  return device;
}

std::vector<EngineChoice> find_engines(const ConvSpec& spec, GraphForm form,
                                       const Descriptor& device) {
  const ConvGraph graph = build_graph(spec, form, nullptr);
  Descriptor heuristics(kHeurDescriptor);
  heuristics.set_descriptor(kAttrHeurGraph, graph.graph);
  heuristics.set_value(kAttrHeurMode, kTypeHeurMode, kHeurA);
  heuristics.set_descriptor(kAttrHeurDeviceProp, device);
  heuristics.finalize();
  std::vector<EngineChoice> found;
  const int64_t results =
      std::clamp<int64_t>(heuristics.count(kAttrHeurResults, kTypeDescriptor), 0, kMostConfigs);
  for (const Descriptor& config :
       heuristics.get_descriptors(kAttrHeurResults, kConfigDescriptor, static_cast<int>(results))) {
    const Descriptor engine =
        std::move(config.get_descriptors(kAttrConfigEngine, kEngineDescriptor, 1).at(0));
    const std::vector<int> numerical =
        engine.get_values(kAttrEngineNumerical, kTypeNumericalNote, kMostNotes);
    const std::vector<int> behavior =
        engine.get_values(kAttrEngineBehavior, kTypeBehaviorNote, kMostNotes);
    if (!allowed(numerical, behavior, spec)) continue;
    EngineChoice choice = read_config(config, engine, form, behavior);
    if (choice.workspace > kWorkspaceCap) continue;
    // Grouped convolutions compiled at run time take up to 23 s to build.
    if (spec.grouped && choice.runtime_compiled) continue;
    found.push_back(std::move(choice));
  }
  return found;
}

ConvPlan start_plan(const ConvSpec& spec, const EngineChoice& choice, CudnnHandle handle,
                    const Descriptor* device) {
  ConvPlan built;
  built.graph = build_graph(spec, choice.form, handle);
  Descriptor engine(kEngineDescriptor);
  engine.set_descriptor(kAttrEngineGraph, built.graph.graph);
  engine.set_int(kAttrEngineIndex, choice.engine);
  if (!handle && device) engine.set_descriptor(kAttrEngineDeviceProp, *device);
  engine.finalize();
  std::vector<Descriptor> knobs;
  for (const auto& [type, value] : choice.knobs) {
    Descriptor knob(kKnobDescriptor);
    knob.set_value(kAttrKnobType, kTypeKnobType, type);
    knob.set_int(kAttrKnobValue, value);
    knob.finalize();
    knobs.push_back(std::move(knob));
  }
  Descriptor config(kConfigDescriptor);
  config.set_descriptor(kAttrConfigEngine, engine);
  if (!knobs.empty()) config.set_descriptors(kAttrConfigKnobs, knobs);
  config.finalize();
  built.workspace = config.get_int(kAttrConfigWorkspace);
  built.runtime_compiled = holds(
      engine.get_values(kAttrEngineBehavior, kTypeBehaviorNote, kMostNotes), kBehaviorRuntime);
  built.plan = Descriptor(kPlanDescriptor);
  if (handle) built.plan.set_handle(kAttrPlanHandle, handle);
  if (!handle && device) built.plan.set_descriptor(kAttrPlanDeviceProp, *device);
  built.plan.set_descriptor(kAttrPlanConfig, config);
  for (Descriptor& knob : knobs) built.parts.push_back(std::move(knob));
  built.parts.push_back(std::move(engine));
  built.parts.push_back(std::move(config));
  return built;
}

void ConvPlan::finish() {
  plan.finalize();
  const int64_t needed = plan.get_int(kAttrPlanWorkspace);
  if (needed > workspace)
    throw Error(Code::kInternal, "cuDNN's plan asks for " + std::to_string(needed) +
                                     " bytes of scratch, its engine for " +
                                     std::to_string(workspace));
}

}  // namespace tenfold::cuda::cudnn
