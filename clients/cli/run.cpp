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
    if (file.empty() || file == "." || file == "..") file = "_" + file;
    const auto [it, fresh] = taken.emplace(file, name);
    if (!fresh)
      throw UsageError(fmt::format("outputs '{}' and '{}' would both be written to {}.npy",
                                   it->second, name, file));
    files[name] = (std::filesystem::path(dir) / (file + ".npy")).string();
  }
  return files;
}

// A leading 1 is added where the array lacks just the batch axis; the type is converted.
Tensor fit(const Tensor& given, const Binding& binding) {
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
                  {"--raw-input imports a network for arrays of floats"});
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

// Picks the program for the arrays; sizes beyond every program's are a mistake in the call, too.
void bind(Context& context, const std::map<std::string, Tensor>& inputs, bool imported) {
  try {
    for (const auto& [name, tensor] : inputs) context.set_shape(name, tensor.dims());
    context.bind();
  } catch (const Error& e) {
    if (e.code() != Code::kInvalid) throw;
    throw UsageError(e.full() +
                     (imported ? "\n  --batch N compiles the network for batches up to N" : ""));
  }
}

std::string file_of(const std::string& input) {
  const size_t eq = input.rfind('=');
  return eq == std::string::npos ? input : input.substr(eq + 1);
}

// The arrays of --input, by the option's text.
using Arrays = std::map<std::string, Tensor>;

Arrays load_arrays(const RunOptions& o) {
  Arrays arrays;
  if (o.list_taps) return arrays;
  for (const std::string& arg : o.inputs)
    if (!arrays.count(arg)) arrays[arg] = load_npy(file_of(arg));
  return arrays;
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
  fmt::print(stderr, "note: compiled for batches up to {}, as the arrays have\n", largest);
}

std::map<std::string, Tensor> read_inputs(const RunOptions& o, const Arrays& arrays,
                                          const Engine& engine, bool imported) {
  std::vector<std::string> names;
  for (const Binding& b : engine.bindings())
    if (b.is_input) names.push_back(b.name);
  std::map<std::string, Tensor> inputs;
  for (const std::string& arg : o.inputs) {
    const size_t eq = arg.rfind('=');
    std::string name = eq == std::string::npos ? "" : arg.substr(0, eq);
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
    inputs[name] = fit(arrays.at(arg), binding);
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
      fmt::print("{} {} -> {}\n", name, type, files.at(name));
  }
  if (o.profile)
    for (const StepTime& t : context.step_times()) {
      if (o.json)
        doc["layers"].push_back({{"name", t.name}, {"row", t.row}, {"us", t.us}});
      else
        fmt::print("{:>10.2f} us  {:<24} {}\n", t.us, t.row, t.name);
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
  for (const std::string& input : o.inputs) check_input_file(file_of(input));
}

void run(RunOptions o) {
  check_call(o);
  std::string reason;
  const std::shared_ptr<Device> device = o.device.open_for(o.model, &reason);
  say_device(*device, reason);
  const Arrays arrays = load_arrays(o);
  Loaded loaded = load_or_compile(
      o.model, *device, o.compile, o.device.threads, o.progress,
      [&](const ImportedModel& model, CompileFlags& flags) { widen(arrays, model, flags); });
  const auto engine = Engine::create(std::move(loaded.plan), device,
                                     EngineOptions{o.device.threads, o.device.trust, 0});
  for (const std::string& m : engine->messages()) say("note: {}\n", m);
  const auto context = engine->create_context();
  if (o.list_taps) {
    context->set_batch(1);
    context->bind();
    if (o.json) return print_document({{"taps", context->taps()}});
    for (const std::string& t : context->taps()) fmt::print("{}\n", t);
    return;
  }
  std::vector<std::string> names = o.taps;
  for (const Binding& b : engine->bindings())
    if (!b.is_input && std::find(names.begin(), names.end(), b.name) == names.end())
      names.push_back(b.name);
  const auto files = output_files(names, o.output_dir);
  const auto inputs = read_inputs(o, arrays, *engine, loaded.model != nullptr);
  context->set_profiling(o.profile);
  bind(*context, inputs, loaded.model != nullptr);
  auto outputs = context->run(inputs);
  for (const std::string& t : o.taps)
    if (!outputs.count(t)) outputs[t] = read_tap(*context, t);
  std::error_code failure;
  std::filesystem::create_directories(o.output_dir, failure);
  if (failure) throw Error(Code::kIo, o.output_dir + ": cannot be created: " + failure.message());
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
