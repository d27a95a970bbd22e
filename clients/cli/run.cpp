#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "tenfold/io.h"

namespace tenfold::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  DeviceOptions device;
  CompileFlags compile;
  std::vector<std::string> inputs, taps;
  std::string output_dir, progress = "auto";
  bool json = false, profile = false, list_taps = false;
};

// The file of an output: its name with '/' as '_'. Two names that meet are an error, not a loss.
std::map<std::string, std::string> output_files(const std::vector<std::string>& names,
                                                const std::string& dir) {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> taken;
  for (const std::string& name : names) {
    std::string file = name;
    std::replace(file.begin(), file.end(), '/', '_');
    std::replace(file.begin(), file.end(), '\0', '_');
    if (file.empty()) file = "_";
    const auto [it, fresh] = taken.emplace(file, name);
    if (!fresh)
      throw UsageError(fmt::format("outputs '{}' and '{}' would both be written to {}.npy",
                                   it->second, name, file));
    files[name] = (std::filesystem::path(dir) / (file + ".npy")).string();
  }
  return files;
}

// A leading 1 is added where the array lacks just the batch axis; the type is converted.
Tensor fit(const Tensor& given, const Binding& binding, bool imported) {
  Tensor t = given;
  if (t.dims().size() + 1 == binding.type.shape.size()) {
    Extents dims{1};
    dims.insert(dims.end(), t.dims().begin(), t.dims().end());
    t = t.reshaped(dims);
  }
  const DType type = binding.type.dtype;
  if (t.dtype() == type) return t;
  if (t.dtype() == DType::kC64 || t.dtype() == DType::kC128)
    throw Error(Code::kInvalid, fmt::format("input '{}' is {}: the array holds complex numbers",
                                            binding.name, to_string(type)));
  Tensor converted = t.cast(type);
  if (is_float(type)) return converted;
  for (int64_t k = 0; k < t.count(); ++k)
    if (converted.at(k) != t.at(k))
      throw Error(Code::kInvalid,
                  fmt::format("input '{}' is {}: the array's element {}, {}, is none", binding.name,
                              to_string(type), k, t.at(k)),
                  {imported ? "--raw-input imports a network for arrays of floats"
                            : "`tenfold build --raw-input` makes a plan for arrays of floats"});
  return converted;
}

// Arrays of a shape that the network or the plan does not take are a mistake in the call. A network
// that was just imported can be imported for other sizes.
void check_size(const Tensor& t, const Binding& b, bool imported) {
  bool fits = t.dims().size() == b.type.shape.size();
  for (size_t k = 0; fits && k < t.dims().size(); ++k)
    fits = !b.type.shape[k].is_const() || b.type.shape[k].value() == t.dims()[k];
  if (fits) return;
  const std::string dims = str(to_shape(t.dims()));
  std::string message =
      fmt::format("input '{}' cannot be [{}]: it is {}", b.name, dims, b.type.str());
  if (imported)
    message +=
        fmt::format("\n  --shape {}={} imports the network for arrays of that shape", b.name, dims);
  throw UsageError(message);
}

// Whether all arrays have the same batch size.
bool one_batch(const Engine& engine, const std::map<std::string, Tensor>& inputs) {
  std::set<int64_t> sizes;
  for (const Binding& b : engine.bindings()) {
    const auto found = inputs.find(b.name);
    if (found != inputs.end() && !b.type.shape.empty() && !b.type.shape[0].is_const())
      sizes.insert(found->second.dims().front());
  }
  return sizes.size() <= 1;
}

// Picks the program for the arrays; sizes beyond every program's are a mistake in the call, too.
void bind_sizes(Context& context, const Engine& engine, const std::map<std::string, Tensor>& inputs,
                bool imported) {
  try {
    for (const auto& [name, tensor] : inputs) context.set_shape(name, tensor.dims());
    context.bind();
  } catch (const Error& e) {
    if (e.code() != Code::kInvalid) throw;
    std::string hint;
    if (!one_batch(engine, inputs))
      hint = "\n  the arrays of a run have one batch size";
    else if (imported)
      hint = "\n  --batch N compiles the network for batches up to N";
    throw UsageError(e.full() + hint);
  }
}

// NAME=FILE in two, or FILE alone. Both may hold '=': the first split that leaves a file counts.
std::pair<std::string, std::string> split_input(const std::string& input) {
  const auto is_file = [](const std::string& path) {
    std::error_code none;
    return std::filesystem::exists(path, none);
  };
  const size_t first = input.find('=');
  for (size_t eq = first; eq != std::string::npos; eq = input.find('=', eq + 1))
    if (is_file(input.substr(eq + 1))) return {input.substr(0, eq), input.substr(eq + 1)};
  if (first == std::string::npos || is_file(input)) return {"", input};
  return {input.substr(0, first), input.substr(first + 1)};
}

// The arrays of --input, by the option's text.
using Arrays = std::map<std::string, Tensor>;

// The files of what is written: taps, then outputs. UsageError: two meet, or one is an input's.
std::map<std::string, std::string> files_of(const RunOptions& o,
                                            const std::vector<std::string>& outputs) {
  std::vector<std::string> names;
  for (const auto* list : {&o.taps, &outputs})
    for (const std::string& name : *list)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::map<std::string, std::string> files = output_files(names, o.output_dir);
  std::error_code absent;
  for (const auto& [name, file] : files)
    for (const std::string& input : o.inputs)
      if (const std::string given = split_input(input).second;
          std::filesystem::equivalent(given, file, absent))
        throw UsageError(fmt::format("output '{}' would replace the input {}", name, given));
  return files;
}

// All that is wrong with them, and then with the model, is one report.
Arrays load_arrays(const RunOptions& o) {
  Arrays arrays;
  if (o.list_taps) return arrays;
  Diagnostics problems;
  const auto none_in = [&](auto&& work) {
    try {
      work();
    } catch (const Error& e) {
      problems.error(e.code(), "", e.full());
    }
  };
  for (const std::string& arg : o.inputs)
    if (!arrays.count(arg)) none_in([&] { arrays[arg] = load_npy(split_input(arg).second); });
  if (problems.error_count() == 0) return arrays;
  none_in([&] { check_model(o.model); });
  const std::vector<Diagnostic>& all = problems.all();
  if (all.size() == 1) throw Error(all[0].code, all[0].reason);
  std::vector<std::string> reasons;
  for (const Diagnostic& d : all) reasons.push_back(d.reason);
  throw Error(problems.worst(), fmt::format("{} problems", all.size()), reasons);
}

// A model that is compiled for these arrays alone takes their batch size, where it is beyond the
// default maximum and the call names none.
void widen(const Arrays& arrays, const ImportedModel& model, CompileFlags& flags) {
  const Symbol* batch = model.graph.symbol("N");
  if (!batch || !flags.batch.empty()) return;
  int64_t largest = batch->max;
  for (const ValueId id : model.graph.inputs()) {
    const Shape& shape = model.graph.type(id).shape;
    for (const auto& [arg, tensor] : arrays)
      if (!shape.empty() && shape[0] == Dim::symbol("N") && tensor.dims().size() == shape.size())
        largest = std::max(largest, tensor.dims()[0]);
  }
  if (largest == batch->max) return;
  flags.batch = {largest};
  say("note: compiled for batches up to {}, as the arrays have\n", largest);
}

std::map<std::string, Tensor> read_inputs(const RunOptions& o, const Arrays& arrays,
                                          const Engine& engine, bool imported) {
  std::vector<std::string> names;
  for (const Binding& b : engine.bindings())
    if (b.is_input) names.push_back(b.name);
  std::map<std::string, Tensor> inputs;
  for (const std::string& arg : o.inputs) {
    std::string name = split_input(arg).first;
    if (name.empty() && names.size() == 1) name = names.front();
    const int index = engine.binding_index(name);
    if (index < 0 || !engine.bindings()[static_cast<size_t>(index)].is_input) {
      const std::string near = nearest_name(name, names);
      std::string all;
      for (const std::string& n : names) all += " " + n;
      throw UsageError(fmt::format("no input is named '{}'{}; inputs:{}", name,
                                   near.empty() ? "" : "; did you mean '" + near + "'?", all));
    }
    const Binding& binding = engine.bindings()[static_cast<size_t>(index)];
    if (inputs.count(name)) throw UsageError("--input gives '" + name + "' twice");
    inputs[name] = fit(arrays.at(arg), binding, imported);
    check_size(inputs[name], binding, imported);
  }
  std::string missing;
  for (const Binding& b : engine.bindings())
    if (b.is_input && !inputs.count(b.name))
      missing += fmt::format(" --input {}=FILE.npy ({})", b.name, b.type.str());
  if (!missing.empty()) throw UsageError("inputs are missing:" + missing);
  return inputs;
}

Tensor read_tap(Context& context, const std::string& name) {
  const std::vector<std::string> names = context.taps();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const std::string near = nearest_name(name, names);
    throw UsageError(fmt::format("the plan holds no value '{}'{}; --list-taps lists them", name,
                                 near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return context.read_tap(name);
}

void report(const RunOptions& o, const std::map<std::string, Tensor>& outputs,
            const std::map<std::string, std::string>& files, const Context& context) {
  nlohmann::json doc;
  for (const auto& [name, tensor] : outputs) {
    const std::string type =
        Type{ValueKind::kTensor, tensor.dtype(), to_shape(tensor.dims())}.str();
    if (o.json)
      doc["outputs"].push_back({{"name", name}, {"type", type}, {"file", files.at(name)}});
    else
      put("{} {} -> {}\n", name, type, files.at(name));
  }
  if (o.profile)
    for (const StepTime& t : context.step_times()) {
      if (o.json)
        doc["layers"].push_back({{"name", t.name}, {"row", t.row}, {"us", t.us}});
      else
        put("{:>10.2f} us  {:<24} {}\n", t.us, t.row, t.name);
    }
  if (o.json) print_document(doc);
}

// What is wrong with the call, before a model is compiled for it. A model that is not there is said
// when it is opened.
void check_call(const RunOptions& o) {
  std::error_code ignored;
  for (const std::string& file : o.model.model)
    if (!std::filesystem::exists(file, ignored)) return;
  if (o.list_taps) return;
  if (o.output_dir.empty()) throw UsageError("--output-dir is missing");
}

// A folder for results: made before the time that compiling takes, and gone again if none follow.
class OutputFolder {
 public:
  ~OutputFolder() {
    std::error_code ignored;
    for (const std::filesystem::path& made : made_) std::filesystem::remove(made, ignored);
  }
  void make(const std::string& path) {
    std::error_code failure;
    std::vector<std::filesystem::path> missing;
    for (std::filesystem::path at = path; !at.empty(); at = at.parent_path()) {
      if (std::filesystem::exists(at, failure)) break;
      missing.push_back(at);
    }
    std::filesystem::create_directories(path, failure);
    if (failure) throw Error(Code::kIo, path + ": cannot be created: " + failure.message());
    made_.insert(made_.end(), missing.begin(), missing.end());
  }
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;  // the innermost first
};

void run(RunOptions o) {
  check_call(o);
  std::string reason;
  const std::shared_ptr<Device> device = o.device.open_for(o.model, &reason);
  say_device(*device, reason);
  const Arrays arrays = load_arrays(o);
  OutputFolder folder;
  Loaded loaded = load_or_compile(o.model, *device, o.compile, o.device.threads, o.progress,
                                  [&](const ImportedModel& model, CompileFlags& flags) {
                                    widen(arrays, model, flags);
                                    if (o.list_taps) return;
                                    std::vector<std::string> outputs;
                                    for (const GraphOutput& output : model.graph.outputs())
                                      outputs.push_back(output.name);
                                    (void)files_of(o, outputs);
                                    folder.make(o.output_dir);
                                  });
  const auto engine = Engine::create(std::move(loaded.plan), device,
                                     EngineOptions{o.device.threads, o.device.trust, 0});
  for (const std::string& m : engine->messages()) say("note: {}\n", m);
  const auto context = engine->create_context();
  if (o.list_taps) {
    set_usual_shapes(*engine, *context);
    context->bind();
    if (o.json) return print_document({{"taps", context->taps()}});
    for (const std::string& t : context->taps()) put("{}\n", t);
    return;
  }
  std::vector<std::string> written;
  for (const Binding& b : engine->bindings())
    if (!b.is_input) written.push_back(b.name);
  const auto files = files_of(o, written);
  const auto inputs = read_inputs(o, arrays, *engine, loaded.model != nullptr);
  context->set_profiling(o.profile);
  bind_sizes(*context, *engine, inputs, loaded.model != nullptr);
  auto outputs = context->run(inputs);
  for (const std::string& t : o.taps)
    if (!outputs.count(t)) outputs[t] = read_tap(*context, t);
  folder.make(o.output_dir);
  folder.keep();
  for (const auto& [name, tensor] : outputs) save_npy(files.at(name), tensor);
  report(o, outputs, files, *context);
}

}  // namespace

Action add_run(CLI::App& app) {
  app.description("Run a plan or model on arrays (.npy)");
  auto o = std::make_shared<RunOptions>();
  o->model.add(app);
  once_each(app.add_option("--input", o->inputs, "NAME=FILE.npy, once per input"));
  app.add_option("--output-dir", o->output_dir, "folder for NAME.npy ('/' in names becomes '_')");
  once_each(app.add_option("--tap", o->taps, "also write this value, if the plan still holds it"));
  app.add_flag("--list-taps", o->list_taps, "list the values that --tap can read");
  app.add_flag("--profile", o->profile, "print the time of every step");
  app.add_flag("--json", o->json, "print JSON");
  o->device.add(app);
  o->compile.add(app);
  ProgressPrinter::add(app, o->progress);
  app.footer(
      "Examples:\n  tenfold run net.plan --input data=x.npy --output-dir out\n"
      "  tenfold run deploy.prototxt net.caffemodel --raw-input --input data=x.npy --output-dir "
      "out --tap conv1");
  return [o] { run(*o); };
}

}  // namespace tenfold::cli
