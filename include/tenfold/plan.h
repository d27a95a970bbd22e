// Plan: how a network runs on a Target. Data only: names, numbers and bytes, never a pointer.
#pragma once

#include "tenfold/kernel.h"

namespace tenfold {

// Where a step's operand lives.
struct ValueRef {
  enum class Kind : uint8_t { kNone = 0, kBuffer = 1, kConstant = 2, kBinding = 3 };
  Kind kind = Kind::kNone;
  uint32_t index = 0;
  bool operator==(const ValueRef&) const = default;
};

// An intermediate. Its bytes follow from dims and format; the memory planner gives it an address at
// bind. `inside` >= 0: it is a slice of that buffer, `axis1_offset` channels into it.
struct PlanBuffer {
  std::string name;  // of the graph value
  Shape dims;
  Format format;
  int32_t inside = -1;
  Dim axis1_offset = 0;
  ValueRef same_as;  // shares the storage of this value (views, in-place); kNone: own
};

enum class StepKind : uint8_t {
  kLaunch = 0,
  kConvert = 1,
  kCall = 2,
  kIf = 3,
  kLoop = 4,
  kScalar = 5,
  kReadBack = 6
};

struct Step {
  StepKind kind = StepKind::kLaunch;
  std::string name;  // joined names of its source layers: "conv1 + relu1"
  std::string row;
  Tactic tactic;
  Problem problem;  // closed
  std::vector<ValueRef> inputs, outputs;
  std::vector<uint32_t> deps;  // earlier steps that must have finished
  std::vector<std::string> sources;  // the model's layers
  int32_t artifact = -1;
  uint32_t device = 0;  // entry of the section's device table
  std::vector<uint32_t> programs;  // of kCall, kIf, kLoop
  double tuned_us = -1;  // measured or estimated at the tuning sizes; -1: unknown
  double estimated_us = -1;
};

// A value that can still be read after (or during) a run.
struct Tap {
  std::string name;
  ValueRef value;
  uint32_t after_step = 0;
};

// Runs when every symbol lies in its range; among programs whose guard holds, the tightest is
// taken.
struct Program {
  std::vector<Symbol> symbols;  // min..max is the guard, tune the size it was tuned for
  std::vector<PlanBuffer> buffers;
  std::vector<Step> steps;
  std::vector<Tap> taps;
};

struct Binding {
  std::string name;
  Type type;  // symbolic
  Format format;  // dense; what the caller provides or gets
  bool is_input = true;
};

// Stored bytes, or a recipe: a Problem over earlier constants, evaluated by the reference rows when
// the value is asked for.
struct PlanConstant {
  std::string name;
  Extents dims;
  Format format;
  bool is_recipe = false;
  uint64_t offset = 0, bytes = 0;  // of stored bytes, in the section's data
  Problem recipe;
  std::vector<uint32_t> inputs;  // constants with smaller indices
};

// Resize and crop per picture before the graph (decode is the caller's). height/width 0: as it is.
struct Preprocess {
  bool present = false;
  int channels = 3;  // 1 or 3; pictures are converted
  bool bgr = false;  // order the network's input expects
  int resize_height = 0, resize_width = 0;
  static constexpr std::string_view kResizeModes[] = {"squash", "crop", "fill", "half_crop"};
  std::string resize_mode = "squash";  // one of kResizeModes
  std::string input;  // the u8[N,H,W,C] binding
  std::string note;  // what was chosen about mean and scale, and why
  // Color, 0 to 255 a channel in RGB order, of the borders that fill and half_crop add; empty: each
  // picture's own mean color.
  std::vector<int32_t> border;
};

struct Section {
  Target target;
  bool portable = false;
  std::vector<DeviceRef> devices;
  std::vector<Binding> bindings;
  std::vector<Program> programs;
  std::vector<PlanConstant> constants;
  std::vector<Artifact> artifacts;
  // Bytes of stored constants: owned, or a view of the mapped file.
  std::shared_ptr<const std::byte> data;
  uint64_t data_bytes = 0;
};

// The coarsest type in which a step multiplies or keeps a value: f32, tf32, f16, bf16. What the
// plan's answers may differ by from exact ones follows from it.
DType precision_of(const Section& section);

struct LoadOptions {
  bool verify_all = false;  // check every section's checksum now, not only those used
};

class Plan {
 public:
  std::string name;
  std::string producer;  // "tenfold 0.1.0"
  std::vector<Section> sections;
  std::vector<std::string> labels;
  Preprocess preprocess;
  std::map<std::string, std::string> metadata;  // free text: model file, options of the build

  // Section that runs on `target`, best first; Error{kUnsupported} lists what the plan has and
  // which command builds one that fits.
  const Section& section_for(const Target& target) const;

  // docs/format.md. Saving is atomic (temporary file, fsync, rename).
  std::vector<std::byte> serialize() const;
  void save(const std::string& path) const;
  // Maps the file; copies nothing large. Error{kInvalid} names the section that is damaged.
  static Plan load(const std::string& path, const LoadOptions& options = {});
  static Plan deserialize(std::span<const std::byte> bytes, const LoadOptions& options = {});
  // Cheap: whether a file starts like a plan.
  static bool sniff(std::span<const std::byte> first_bytes);

  std::string describe(bool verbose = false) const;  // for people
  std::string describe_json() const;  // for scripts
  // Differences of two plans in rows, tactics, formats and times, a line each; empty: none.
  static std::vector<std::string> diff(const Plan& a, const Plan& b);
  // Structure: every index, dim, guard and reference in range. Throws Error{kInvalid}.
  void verify() const;
};

// Offsets of a program's buffers for concrete sizes. Deterministic; used by compile to report and
// by bind to place. A buffer is reused only where one step happens before the other.
struct MemoryPlan {
  std::vector<int64_t> offsets;  // per buffer; -1: not in the arena (views share their base's)
  int64_t peak = 0;  // bytes of the arena
  int64_t lower_bound = 0;  // the most bytes live at once in step order
};
// `scratch[s]` bytes are live during step s only; `scratch_offsets` receives their places. With
// `keep_taps` every tapped buffer keeps its bytes to the end.
MemoryPlan plan_memory(const Program& program, const SymbolValues& values,
                       const std::vector<int64_t>& scratch, std::vector<int64_t>* scratch_offsets,
                       const std::vector<Binding>& bindings, bool keep_taps = false);

}  // namespace tenfold
