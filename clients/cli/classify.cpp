#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "answers.h"
#include "cli.h"
#include "tenfold/io.h"

namespace tenfold::cli {
namespace {

struct ClassifyOptions {
  std::vector<std::string> files;
  ModelOptions model;
  DeviceOptions device;
  CompileFlags compile;
  std::string progress = "auto";
  int top = 5;
  bool json = false;
  bool no_reference = false;
};

enum class Kind { kNone, kImage, kOther };  // kNone: no regular file, or an empty one

Kind kind_of(const std::string& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) return Kind::kNone;  // a pipe is read once
  std::ifstream in(file, std::ios::binary);
  std::array<char, 16> head{};
  in.read(head.data(), head.size());
  const auto count = static_cast<size_t>(in.gcount());
  if (count == 0) return Kind::kNone;
  return begins_as_image(std::as_bytes(std::span(head.data(), count))) ? Kind::kImage
                                                                       : Kind::kOther;
}

// Whether the second file is a model's: the weights beside a network, whatever they are called.
bool belongs_to(const std::string& network, const std::string& file) {
  if (file.ends_with(".prototxt") || file.ends_with(".caffemodel")) return true;
  if (!network.ends_with(".prototxt")) return false;
  std::string extension = std::filesystem::path(file).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* picture : {".png", ".jpg", ".jpeg", ".pgm", ".ppm", ".pnm", ".bmp", ".gif"})
    if (extension == picture) return false;
  return kind_of(file) == Kind::kOther;
}

// The leading arguments name the model: one plan or package, or a prototxt and a caffemodel.
void split_model(ClassifyOptions& o) {
  const std::ptrdiff_t n = o.files.size() > 1 && belongs_to(o.files[0], o.files[1]) ? 2 : 1;
  o.model.model.assign(o.files.begin(), o.files.begin() + n);
  o.files.erase(o.files.begin(), o.files.begin() + n);
  if (kind_of(o.model.model.front()) == Kind::kImage)
    throw Error(Code::kInvalid, o.model.model.front() + " is a picture: the model comes first");
  if (o.files.empty()) throw UsageError("classify needs at least one picture after the model");
}

const Binding& picture_binding(const Engine& engine) {
  const Preprocess& p = engine.plan().preprocess;
  const Binding* picture = nullptr;
  for (const Binding& b : engine.bindings())
    if (!picture && b.is_input && (p.input.empty() || b.name == p.input)) picture = &b;
  if (!picture) throw Error(Code::kUnsupported, "the model has no input that takes a picture");
  const char* const advice = "`tenfold run` takes arrays for all inputs";
  for (const Binding& b : engine.bindings())
    if (b.is_input && &b != picture)
      throw Error(
          Code::kUnsupported,
          fmt::format("the model wants more than a picture: it has an input '{}', too", b.name),
          {advice});
  const Shape& shape = picture->type.shape;
  if (!shape.empty() && shape[0].is_const() && shape[0].value() != 1)
    throw Error(Code::kUnsupported,
                fmt::format("input '{}' takes {} pictures at a time, and classify gives one",
                            picture->name, shape[0].str()),
                {advice});
  return *picture;
}

// Where the scores are: the last output that has one for each label, else the last; networks that
// were trained with side classifiers have these before their own, and DIGITS takes the last, too.
std::string scores_binding(const Engine& engine) {
  const auto labels = static_cast<int64_t>(engine.plan().labels.size());
  std::string last, fitting;
  int outputs = 0;
  for (const Binding& b : engine.bindings()) {
    if (b.is_input) continue;
    ++outputs;
    last = b.name;
    Shape one = b.type.shape;
    if (!one.empty()) one[0] = 1;
    if (labels > 0 && element_count(one) == Dim(labels)) fitting = b.name;
  }
  const std::string& chosen = fitting.empty() ? last : fitting;
  if (outputs > 1)
    say("note: there are {} outputs: the scores are those of '{}'; --output names another, for a "
        "model\n",
        outputs, chosen);
  return chosen;
}

// The reference kernels' value of an output.
Tensor reference_of(const Graph& graph, const std::string& output, const std::string& input,
                    const Tensor& picture) {
  const std::vector<Tensor> values = evaluate_reference(graph, {{input, picture}});
  for (size_t k = 0; k < values.size(); ++k)
    if (graph.outputs()[k].name == output) return values[k];
  throw Error(Code::kInternal, "the graph has no output '" + output + "'");
}

// The picture as the binding wants it: u8[1,H,W,C], or f32[1,C,H,W] of plain pixel values when the
// model came without preprocessing.
Tensor picture_input(const std::string& file, const Preprocess& given, const Binding& binding) {
  Preprocess p = given;
  const bool raw = binding.type.dtype != DType::kU8;
  if (raw) {
    if (binding.type.shape.size() != 4)
      throw Error(Code::kUnsupported,
                  "input '" + binding.name + "' is " + binding.type.str() + ", not a picture");
    p.channels = static_cast<int>(binding.type.shape[1].value());
    p.resize_height = static_cast<int>(binding.type.shape[2].value());
    p.resize_width = static_cast<int>(binding.type.shape[3].value());
    p.bgr = p.bgr || (!given.present && p.channels == 3);
  }
  const Tensor image = apply_preprocess(load_image(file), p);
  Extents dims{1};
  dims.insert(dims.end(), image.dims().begin(), image.dims().end());
  if (!raw) return image.reshaped(dims);
  const int64_t h = image.dims()[0], w = image.dims()[1], c = image.dims()[2];
  Tensor planes(DType::kF32, {1, c, h, w});
  const auto src = image.as<uint8_t>();
  auto dst = planes.as_mutable<float>();
  for (int64_t k = 0; k < c; ++k)
    for (int64_t i = 0; i < h * w; ++i)
      dst[static_cast<size_t>(k * h * w + i)] = src[static_cast<size_t>(i * c + k)];
  return planes;
}

// What is wrong with pictures: one does not hide another, nor the answers for the rest.
class Problems {
 public:
  template <typename Work>
  bool none_in(Work&& work) {
    try {
      work();
      return true;
    } catch (const Error& e) {
      list_.error(e.code(), "", e.full());
      return false;
    }
  }
  bool empty() const { return list_.error_count() == 0; }
  nlohmann::json to_json() const {
    nlohmann::json reasons = nlohmann::json::array();
    for (const Diagnostic& d : list_.all()) reasons.push_back(d.reason);
    return reasons;
  }
  // Ends the command if there are any.
  void report() const {
    if (empty()) return;
    flush_output();
    for (const Diagnostic& d : list_.all()) say("tenfold: {}\n", d.reason);
    throw ExitWith{exit_for(list_.worst())};
  }

 private:
  Diagnostics list_;
};

void print_json(const std::vector<Answer>& answers, const ClassNames& names,
                const Agreement& agreement, const Device& device, const std::string& reason,
                const Problems& problems) {
  nlohmann::json doc;
  if (!problems.empty()) doc["problems"] = problems.to_json();
  doc["device"] = {
      {"name", device.ref().str()}, {"machine", device.target().name}, {"why", reason}};
  if (agreement.compared)
    doc["reference"] = {{"largest_difference", agreement.largest},
                        {"pictures", agreement.compared},
                        {"same_top1", agreement.same_top}};
  doc["results"] = to_json(answers, names);
  print_document(doc);
}

void print_next(const ClassifyOptions& o) {
  if (o.model.model.size() == 1 && is_plan_file(o.model.model.front()))
    put("\nNext:\n  tenfold bench{0}                   # how fast it is, and where the time goes\n"
        "  tenfold inspect{0} -v              # which kernels it uses\n",
        " " + file_word(o.model.model.front()));
  else
    put("\nNext:\n  tenfold build{0} -o model.plan     # compile once, load in milliseconds\n"
        "  tenfold bench{0}                   # how fast it is, and where the time goes\n"
        "  tenfold explain{0}                 # which kernels were considered, and why\n",
        o.model.words());
}

void classify(ClassifyOptions o) {
  split_model(o);
  Problems problems;
  std::string reason;
  const std::shared_ptr<Device> device = o.device.open_for(o.model, &reason);
  say_device(*device, reason);
  for (const std::string& file : o.files) problems.none_in([&] { check_input_file(file); });
  if (!problems.empty()) {
    problems.none_in([&] { check_model(o.model); });
    if (o.json)
      print_document({{"problems", problems.to_json()}, {"results", nlohmann::json::array()}});
  }
  problems.report();
  const auto started = std::chrono::steady_clock::now();
  Loaded loaded = load_or_compile(o.model, *device, o.compile, o.device.threads, o.progress);
  const double ready_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  say("{} in {:.2f} s\n", loaded.model ? "compiled" : "loaded", ready_s);
  if (!loaded.model)
    say("preprocessing: {}\n", loaded.plan.preprocess.note.empty()
                                   ? "none: the plan was built without"
                                   : loaded.plan.preprocess.note);
  const auto engine =
      Engine::create(loaded.plan, device, EngineOptions{o.device.threads, o.device.trust, 0});
  for (const std::string& m : engine->messages()) say("note: {}\n", m);
  const auto context = engine->create_context();
  const Binding& input = picture_binding(*engine);
  const std::string output = scores_binding(*engine);

  std::vector<Answer> answers;
  Agreement agreement;
  ClassNames names(engine->plan());
  {
    PhaseProgress progress(o.progress, "classifying");
    const auto total = static_cast<int64_t>(o.files.size());
    for (size_t k = 0; k < o.files.size(); progress.at(static_cast<int64_t>(++k), total)) {
      const std::string& file = o.files[k];
      Tensor picture;
      const auto read = [&] { picture = picture_input(file, engine->plan().preprocess, input); };
      if (!problems.none_in(read)) continue;
      if (answers.empty())
        (void)context->run({{input.name, picture}});  // the first run prepares the shape
      const auto begin = std::chrono::steady_clock::now();
      const auto outputs = context->run({{input.name, picture}});
      const double ms =
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
              .count();
      const Tensor& scores = outputs.at(output);
      names.of_output(scores.dims());
      answers.push_back(best_of(file, scores, o.top, ms));
      const bool costly = !answers.empty() && agreement.compared >= 3 && ready_s > 2;
      if (loaded.model && !o.no_reference && !costly)
        agreement.add(scores, reference_of(loaded.model->graph, output, input.name, picture));
    }
  }
  if (o.json) {
    print_json(answers, names, agreement, *device, reason, problems);
  } else if (!answers.empty()) {
    print_text(answers, names, agreement);
    print_next(o);
  }
  flush_output();
  warn(answers, agreement);
  if (names.is_map())
    say("warning: output '{}' is a map, a score for each class and (row,column): `tenfold run` "
        "writes all of it\n",
        output);
  problems.report();
  if (agreement.is_wrong()) throw ExitWith{kAccuracy};
}

}  // namespace

Action add_classify(CLI::App& app) {
  app.description("Name what pictures show");
  auto o = std::make_shared<ClassifyOptions>();
  app.add_option(
         "files", o->files,
         "the model (a plan, a DIGITS package, or a prototxt and a caffemodel), then pictures")
      ->required();
  app.add_option("--top", o->top, "how many classes to print")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--json", o->json, "print JSON");
  app.add_flag("--no-reference", o->no_reference, "do not compare with the reference kernels");
  o->model.add_import(app);
  o->device.add(app);
  o->compile.add(app);
  ProgressPrinter::add(app, o->progress);
  app.footer(
      "Examples:\n  tenfold classify digits.tar.gz photo.jpg\n  tenfold classify model.plan *.png "
      "--json\n"
      "  tenfold classify deploy.prototxt net.caffemodel cat.jpg --mean 104,117,123 --labels "
      "synset.txt");
  return [o] { classify(*o); };
}

}  // namespace tenfold::cli
