#include "src/import/files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>

#include <fmt/format.h>

#include "tenfold/io.h"
#include "tenfold/plan.h"

namespace tenfold {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 3;
constexpr size_t kMaxFiles = 10000;
constexpr size_t kHead = 1024;  // bytes that tell what a file is

void report(Diagnostics& diagnostics, const std::string& file, Code code, const std::string& reason,
            const std::string& hint = {}) {
  const std::string named = file + ": ";  // by a reader that knows the file's name too
  diagnostics.add({Severity::kError, code, file, 0, -1, "",
                   reason.starts_with(named) ? reason.substr(named.size()) : reason, hint});
}

std::string head_of(const std::string& path, size_t bytes) {
  std::ifstream in(path, std::ios::binary);
  std::string head(bytes, '\0');
  in.read(head.data(), static_cast<std::streamsize>(bytes));
  head.resize(static_cast<size_t>(in.gcount()));
  return head;
}

void open_folder(const std::string& path, ModelFiles& out, Diagnostics& diagnostics) {
  std::error_code error;
  fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error),
      end;
  for (; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool hidden = !name.empty() && name[0] == '.';
    if (it->is_directory(error) && (hidden || it.depth() >= kMaxDepth))
      it.disable_recursion_pending();
    if (hidden || !it->is_regular_file(error)) continue;
    if (out.files.size() >= kMaxFiles) {
      report(diagnostics, path, Code::kResource,
             fmt::format("the folder has over {} files", kMaxFiles));
      out.files.clear();
      return;
    }
    out.files.push_back(ModelFile::on_disk(it->path().string()));
  }
  if (error) report(diagnostics, path, Code::kIo, error.message());
  std::sort(out.files.begin(), out.files.end(),
            [](const ModelFile& a, const ModelFile& b) { return a.shown() < b.shown(); });
}

void open_archive(const std::string& path, ModelFiles& out) {
  for (auto& [name, bytes] : read_archive(path)) {
    if (name.rfind("__MACOSX/", 0) == 0 || fs::path(name).filename().string().rfind('.', 0) == 0)
      continue;
    out.files.push_back(ModelFile::in_memory(name, std::move(bytes), path));
  }
}

void open_one(const std::string& path, ModelFiles& out, Diagnostics& diagnostics) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    return report(diagnostics, path, Code::kNotFound, "no such file or folder");
  if (fs::is_directory(status)) {
    out.package = true;
    out.shown = path;
    return open_folder(path, out, diagnostics);
  }
  const bool once = !fs::is_regular_file(status);  // what a pipe holds is read once
  ModelFile file = ModelFile::on_disk(path);
  const std::string head = once ? file.bytes().substr(0, kHead) : head_of(path, kHead);
  const auto bytes = std::as_bytes(std::span(head.data(), head.size()));
  if (once && (looks_like_archive(bytes) || Plan::sniff(bytes)))
    return report(diagnostics, path, Code::kIo,
                  "archives and plans are opened in place, and this is no regular file",
                  "save it to a file first");
  if (looks_like_archive(bytes)) {
    out.package = true;
    out.shown = path;
    return open_archive(path, out);
  }
  file.bytes();
  out.files.push_back(std::move(file));
}

}  // namespace

ModelFile ModelFile::on_disk(std::string path) {
  ModelFile file;
  file.shown_ = path;
  file.path_ = std::move(path);
  return file;
}

ModelFile ModelFile::in_memory(std::string name, std::string bytes, std::string archive) {
  ModelFile file;
  file.shown_ = archive.empty() ? std::move(name) : archive + ":" + name;
  file.bytes_ = std::move(bytes);
  file.loaded_ = true;
  return file;
}

std::string ModelFile::base() const {
  const size_t at = shown_.find_last_of("/\\:");
  return at == std::string::npos ? shown_ : shown_.substr(at + 1);
}

const std::string& ModelFile::bytes() const {
  if (!loaded_) bytes_ = read_file(path_);
  loaded_ = true;
  return bytes_;
}

bool ModelFile::is_text() const {
  const std::string head = loaded_ ? bytes_.substr(0, 8192) : head_of(path_, 8192);
  return !head.empty() && std::none_of(head.begin(), head.end(), [](char ch) {
    const auto c = static_cast<unsigned char>(ch);
    return c < 9 || (c > 13 && c < 32) || c == 127;
  });
}

std::string_view other_format(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
      {".onnx", "an ONNX model"},
      {".pb", "a graph of TensorFlow or Caffe2"},
      {".pbtxt", "a graph of TensorFlow or Caffe2"},
      {".uff", "a UFF model"},
      {".tflite", "a TensorFlow Lite model"},
      {".keras", "a Keras model"},
      {"-symbol.json", "an MXNet network"},
      {".params", "a file of MXNet's weights"},
      {".pt", "a PyTorch file"},
      {".pth", "a PyTorch file"},
      {".engine", "an engine of NVIDIA's"},
      {".trt", "an engine of NVIDIA's"},
  };
  for (const auto& [ending, format] : kFormats)
    if (name.ends_with(ending)) return format;
  return {};
}

ModelFiles open_files(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  ModelFiles out;
  if (paths.empty()) report(diagnostics, "", Code::kNotFound, "no model was named");
  for (const std::string& path : paths) {
    try {
      open_one(path, out, diagnostics);
    } catch (const Error& e) {
      report(diagnostics, path, e.code(), e.what(), e.notes().empty() ? "" : e.notes()[0]);
    } catch (const std::bad_alloc&) {
      report(diagnostics, path, Code::kResource, "not enough memory to read it");
    } catch (const std::exception& e) {
      report(diagnostics, path, Code::kIo, e.what());
    }
  }
  if (out.package && paths.size() > 1) {
    out.misnamed = diagnostics.error_count() == 0;
    report(diagnostics, out.shown, Code::kInvalid, "a package is a whole model: name it alone");
    out.files.clear();
  }
  return out;
}

}  // namespace tenfold
