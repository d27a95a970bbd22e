#include "src/import/digits/package.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tenfold::digits {
namespace {

using nlohmann::json;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The number before the extension: snapshot_iter_3520.caffemodel -> 3520; -1 without one.
int64_t iteration_of(const std::string& name) {
  const size_t dot = name.rfind('.');
  size_t first = dot == std::string::npos ? name.size() : dot;
  const size_t last = first;
  while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9') --first;
  if (first == last || last - first > 15) return -1;
  return std::stoll(name.substr(first, last - first));
}

class Finder {
 public:
  Finder(const ModelFiles& files, const ImportOptions& options, Diagnostics& diagnostics)
      : files_(files), options_(options), diagnostics_(diagnostics) {
    if (contains(options.snapshot, "/"))
      for (const ModelFile& file : files.files)
        if (is_path_of(file, options.snapshot)) folder_ = folder_of(file);
  }

  Package run() {
    if (folder_.empty()) choose_folder();
    read_info();
    if (foreign() || of_another_format()) return package_;
    find_networks();
    package_.weights = find_weights();
    package_.mean =
        named("mean file", [](const std::string& n) { return n.ends_with(".binaryproto"); });
    package_.labels = named("labels file", [](const std::string& n) { return n == "labels.txt"; });
    package_.is_digits = info_.is_object() || package_.train_val || package_.mean;
    return package_;
  }

 private:
  void error(Code code, const std::string& reason, const std::string& hint) {
    diagnostics_.add({Severity::kError, code, files_.shown, 0, -1, "", reason, hint});
  }

  void note(const std::string& reason) {
    diagnostics_.add({Severity::kNote, Code::kOk, files_.shown, 0, -1, "", reason, ""});
  }

  static bool is_path_of(const ModelFile& file, const std::string& end) {
    return file.shown().ends_with("/" + end) || file.shown().ends_with(":" + end);
  }
  static std::string folder_of(const ModelFile& file) {
    return file.shown().substr(0, file.shown().size() - file.base().size());
  }

  template <typename Test>
  const ModelFile* find(Test test) const {
    for (const ModelFile& file : files_.files)
      if (test(file.base()) && (folder_.empty() || folder_of(file) == folder_)) return &file;
    return nullptr;
  }

  // Whether options.snapshot means this file.
  bool is_chosen(const ModelFile& file) const {
    const std::string name = file.base();
    return name == options_.snapshot || name == options_.snapshot + ".caffemodel" ||
           is_path_of(file, options_.snapshot) ||
           std::to_string(iteration_of(name)) == options_.snapshot;
  }
  // The weights that options.snapshot means, all of them where it is empty; the newest first.
  std::vector<const ModelFile*> weights_meant() const {
    std::vector<const ModelFile*> found;
    for (const ModelFile& file : files_.files)
      if (file.base().ends_with(".caffemodel") && (options_.snapshot.empty() || is_chosen(file)))
        found.push_back(&file);
    std::stable_sort(found.begin(), found.end(), [](const ModelFile* x, const ModelFile* y) {
      return iteration_of(x->base()) > iteration_of(y->base());
    });
    return found;
  }
  // Whether two files are equally new: then the user is asked which.
  static bool is_tie(const std::vector<const ModelFile*>& found) {
    return found.size() > 1 && iteration_of(found[0]->base()) == iteration_of(found[1]->base());
  }

  // Of several models, each a folder with a network and weights, the one with the weights meant.
  void choose_folder() {
    std::set<std::string> with_network, models;
    for (const ModelFile& file : files_.files)
      if (file.base().ends_with(".prototxt")) with_network.insert(folder_of(file));
    for (const ModelFile& file : files_.files)
      if (file.base().ends_with(".caffemodel") && with_network.count(folder_of(file)))
        models.insert(folder_of(file));
    const std::vector<const ModelFile*> meant = weights_meant();
    if (meant.empty() || is_tie(meant) || models.size() < 2 || !models.count(folder_of(*meant[0])))
      return;
    folder_ = folder_of(*meant[0]);
    note(fmt::format("there are {} models in it: that of {} is used", models.size(),
                     meant[0]->shown()));
  }

  std::string text_of(const char* key) const {
    if (!info_.is_object() || !info_.contains(key) || !info_[key].is_string()) return "";
    return info_[key].get<std::string>();
  }

  // The file that info.json names under `key`, or the first that passes the test.
  template <typename Test>
  const ModelFile* named(const char* key, Test test) {
    const std::string name = text_of(key);
    const ModelFile* file =
        name.empty() ? nullptr : find([&](const std::string& n) { return n == name; });
    if (file) return file;
    file = find(test);
    if (!name.empty())
      note(fmt::format("info.json names {} as its {}, which is not there: {}", name, key,
                       file ? file->base() + " is used" : std::string("there is none")));
    return file;
  }

  void read_info() {
    const ModelFile* file = find([](const std::string& n) { return n == "info.json"; });
    if (!file) return;
    info_ = json::parse(file->bytes(), nullptr, false);
    if (!info_.is_object()) {
      info_ = json::object();
      diagnostics_.add({Severity::kWarning, Code::kOk, file->shown(), 0, -1, "",
                        "no JSON object: the file is ignored", ""});
    }
    read_resize_mode(file->shown());
    if (info_.contains("image dimensions")) read_dimensions(file->shown());
  }

  void read_resize_mode(const std::string& shown) {
    const std::string mode = text_of("image resize mode");
    const std::vector<std::string> known(std::begin(Preprocess::kResizeModes),
                                         std::end(Preprocess::kResizeModes));
    if (mode.empty() || std::find(known.begin(), known.end(), mode) != known.end()) {
      package_.resize_mode = mode;
      return;
    }
    const std::string near = nearest_name(mode, known);
    diagnostics_.add({Severity::kError, Code::kInvalid, shown, 0, -1, "",
                      fmt::format("\"image resize mode\" is '{}', which is unknown", mode),
                      near.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                                   : fmt::format("did you mean '{}'?", near)});
  }

  void read_dimensions(const std::string& shown) {
    const json& dimensions = info_["image dimensions"];
    const auto sane = [](const json& d) {
      return d.is_number_integer() && d.get<int64_t>() > 0 && d.get<int64_t>() <= 65536;
    };
    if (!dimensions.is_array() || dimensions.size() < 2 || dimensions.size() > 3 ||
        !std::all_of(dimensions.begin(), dimensions.end(), sane)) {
      diagnostics_.add({Severity::kWarning, Code::kOk, shown, 0, -1, "",
                        "\"image dimensions\" are not height, width and channels: pictures get the "
                        "size that the network reads",
                        ""});
      return;
    }
    int64_t* const to[] = {&package_.height, &package_.width, &package_.channels};
    for (size_t k = 0; k < dimensions.size(); ++k) *to[k] = dimensions[k].get<int64_t>();
  }

  // Whether another framework made the package.
  bool foreign() {
    std::string framework = text_of("framework");
    if (framework.empty() &&
        find([](const std::string& n) { return n.ends_with(".t7") || n == "model.lua"; }))
      framework = "torch";
    if (framework.empty() && find([](const std::string& n) { return n == "network.py"; }))
      framework = "tensorflow";
    if (framework.empty() || framework == "caffe") return false;
    error(Code::kUnsupported, fmt::format("the package was made by DIGITS with {}", framework),
          "packages with Caffe networks are read; train the network with Caffe, or export it");
    return true;
  }

  // Whether the package, or a file of it, is a model of a format that is not read.
  bool of_another_format() {
    if (find([](const std::string& n) { return n.ends_with(".prototxt"); })) return false;
    std::string_view format = other_format(files_.shown);
    std::string what = "this";
    for (size_t k = 0; k < files_.files.size() && format.empty(); ++k) {
      format = other_format(files_.files[k].base());
      what = fmt::format("'{}'", files_.files[k].base());
    }
    if (format.empty()) return false;
    error(Code::kUnsupported, fmt::format("{} is {}, which is not read yet", what, format),
          kFormatsRead);
    return true;
  }

  void find_networks() {
    auto prototxt = [](const std::string& n) { return n.ends_with(".prototxt"); };
    const ModelFile* original = named(
        "model file", [&](const std::string& n) { return prototxt(n) && contains(n, "original"); });
    package_.train_val = named("train_val file", [&](const std::string& n) {
      return prototxt(n) && contains(n, "train_val");
    });
    package_.network = named(
        "deploy file", [&](const std::string& n) { return prototxt(n) && contains(n, "deploy"); });
    if (!package_.network) {
      std::vector<std::string> others;
      (void)find([&](const std::string& n) {
        if (prototxt(n) && !contains(n, "original") && !contains(n, "train") &&
            !contains(n, "solver"))
          others.push_back(n);
        return false;
      });
      if (!others.empty())
        package_.network = find([&](const std::string& n) { return n == others.front(); });
      if (others.size() > 1)
        diagnostics_.add({Severity::kWarning, Code::kOk, files_.shown, 0, -1, "",
                          fmt::format("no file is called deploy.prototxt; of {} the first is used",
                                      fmt::join(others, ", ")),
                          "name the .prototxt and the .caffemodel that are meant"});
    }
    if (!package_.network) package_.network = package_.train_val ? package_.train_val : original;
    if (!package_.network)
      error(Code::kInvalid, "there is no network in it: no deploy.prototxt nor any other .prototxt",
            "a DIGITS download, or a .prototxt and a .caffemodel");
  }

  const ModelFile* find_weights() {
    const std::vector<const ModelFile*> meant = weights_meant();
    if (!options_.snapshot.empty()) return chosen(meant);
    if (meant.empty()) {
      if (const ModelFile* h5 =
              find([](const std::string& n) { return n.ends_with(".caffemodel.h5"); }))
        return h5;
      if (!options_.random_weights)
        error(Code::kInvalid, "there are no trained weights in it: no .caffemodel",
              "download the model with a snapshot");
      return nullptr;
    }
    if (is_tie(meant)) {
      error(Code::kInvalid,
            fmt::format("there are several files of weights: {}, {}", meant[0]->shown(),
                        meant[1]->shown()),
            "name one with the snapshot option; with its folder, where the package holds several "
            "models");
    } else if (meant.size() > 1) {
      note(fmt::format("the newest of {} snapshots: {}", meant.size(), meant[0]->base()));
    }
    return meant[0];
  }

  const ModelFile* chosen(const std::vector<const ModelFile*>& meant) {
    if (meant.size() > 1)
      error(Code::kInvalid,
            fmt::format("the snapshot '{}' is {} and {}", options_.snapshot, meant[0]->shown(),
                        meant[1]->shown()),
            "name it with its folder");
    if (!meant.empty()) return meant[0];
    std::vector<std::string> names;
    for (const ModelFile& file : files_.files)
      if (file.base().ends_with(".caffemodel")) names.push_back(file.base());
    error(Code::kNotFound, fmt::format("there is no snapshot '{}'", options_.snapshot),
          fmt::format("there are: {}", fmt::join(names, ", ")));
    return nullptr;
  }

  const ModelFiles& files_;
  const ImportOptions& options_;
  Diagnostics& diagnostics_;
  Package package_;
  json info_;
  std::string folder_;  // the only one looked into; empty: all
};

}  // namespace

Package find_parts(const ModelFiles& files, const ImportOptions& options,
                   Diagnostics& diagnostics) {
  return Finder(files, options, diagnostics).run();
}

// As DIGITS reads them: a label a line without the blanks around it; lines of blanks are none.
std::vector<std::string> parse_labels(const std::string& text) {
  constexpr std::string_view kBlanks = " \t\v\f", kByteOrderMark = "\xef\xbb\xbf";
  std::vector<std::string> labels;
  for (size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
       at < text.size();) {
    const size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string line = text.substr(at, end - at);
    const size_t first = line.find_first_not_of(kBlanks);
    if (first != std::string::npos)
      labels.push_back(line.substr(first, line.find_last_not_of(kBlanks) + 1 - first));
    at = end + 1;
  }
  return labels;
}

}  // namespace tenfold::digits
