#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli.h"
#include "tenfold/io.h"

namespace tenfold::cli {

int exit_for(Code code) {
  switch (code) {
    case Code::kOk: return kOk;
    case Code::kUnsupported: return kUnsupported;
    case Code::kInvalid:
    case Code::kNotFound:
    case Code::kIo: return kCorrupt;
    case Code::kResource: return kResources;
    case Code::kDevice: return kDevice;
    case Code::kCancelled:
    case Code::kInternal: return kOurs;
  }
  return kOurs;
}

void print_document(const nlohmann::json& document) {
  put("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void check_output_file(const std::string& path) {
  namespace fs = std::filesystem;
  if (path.empty()) throw UsageError("the name of the file to write is empty");
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw Error(Code::kIo, path + ": is a folder, not a file");
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (!fs::is_directory(folder, ignored))
    throw Error(Code::kIo, path + ": cannot be created: there is no folder " + folder.string());
  // A file is replaced by a new one beside it; a device or pipe is written into.
  const bool special = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
  if (::access(special ? path.c_str() : folder.c_str(), special ? W_OK : W_OK | X_OK) != 0)
    throw Error(Code::kIo, path + ": cannot be written: " + std::strerror(errno));
}

void check_input_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw Error(Code::kIo, path + ": is a folder, not a file");
  if (::access(path.c_str(), R_OK) != 0)
    throw Error(errno == ENOENT ? Code::kNotFound : Code::kIo,
                path + ": cannot be opened: " + std::strerror(errno));
}

Extents usual_dims(const Binding& binding) {
  Extents dims;
  for (const Dim& d : binding.type.shape) dims.push_back(d.is_const() ? d.value() : 1);
  return dims;
}

void set_usual_shapes(const Engine& engine, Context& context) {
  for (const Binding& b : engine.bindings())
    if (b.is_input) context.set_shape(b.name, usual_dims(b));
}

int64_t usual_batch(const Engine& engine) {
  int64_t batch = 1;
  for (const Binding& b : engine.bindings()) {
    if (!b.is_input || b.type.shape.empty()) continue;
    if (!b.type.shape[0].is_const()) return 1;
    if (batch == 1) batch = usual_dims(b)[0];
  }
  return batch;
}

void say_device(const Device& device, const std::string& reason) {
  say("device: {} ({}){}\n", device.ref().str(), device.target().name,
      reason.empty() ? "" : ": " + reason);
}

std::string file_word(const std::string& path) {
  return shell_word(path.starts_with('-') ? "./" + path : path);
}

std::string shell_word(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || c >= 0x80 || std::strchr("._/-+=:,@%", c) != nullptr;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string human_bytes(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB"};
  int u = 0;
  while (bytes >= 1024 && u < 3) bytes /= 1024, ++u;
  return fmt::format("{:.{}f} {}", bytes, u ? 1 : 0, units[u]);
}

}  // namespace tenfold::cli
