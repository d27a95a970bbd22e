// The one file that knows which backends there are: devices and rows of all of them.
#include <algorithm>
#include <mutex>

#include "tenfold/device.h"

namespace tenfold {

#define BACKEND(name) Backend* name##_backend();
#include "backends/backends.def"
#undef BACKEND

namespace {

constexpr std::string_view kHost = "cpu";  // the kind of machine that this program runs on

struct Plugins {
  std::mutex mutex;
  std::vector<std::unique_ptr<Row>> rows;
};

Plugins& plugins() {
  static Plugins instance;
  return instance;
}

Backend* find_backend(std::string_view kind) {
  for (Backend* backend : backends())
    if (backend->kind() == kind) return backend;
  return nullptr;
}

// Of a backend or a plugin; the caller holds the mutex.
const Row* row_named(std::string_view name) {
  const auto same = [&](const auto& row) { return row->name() == name; };
  for (Backend* backend : backends()) {
    const auto& rows = backend->rows();
    if (const auto found = std::find_if(rows.begin(), rows.end(), same); found != rows.end())
      return *found;
  }
  const auto& rows = plugins().rows;
  const auto found = std::find_if(rows.begin(), rows.end(), same);
  return found == rows.end() ? nullptr : found->get();
}

std::string known_kinds() {
  std::string known;
  for (Backend* b : backends()) known += (known.empty() ? "" : ", ") + std::string(b->kind());
  return known;
}

std::shared_ptr<Device> open_best(int index, std::string* reason) {
  std::string why;
  for (Backend* backend : backends()) {
    if (backend->kind() == kHost) continue;
    try {  // not notes(): they open libraries that no device needs
      auto device = backend->open(index);
      if (reason)
        *reason = device->ref().str() + " could be opened (" + device->target().name + ")";
      return device;
    } catch (const Error& error) {
      why += std::string(backend->kind()) + ": " + error.what() + ". ";
    }
  }
  Backend* host = find_backend(kHost);
  if (!host) throw Error(Code::kDevice, "no device can be opened", {why});
  if (reason) *reason = why + "So the CPU is used";
  return host->open(0);
}

}  // namespace

std::vector<Backend*> backends() {
  return {
#define BACKEND(name) name##_backend(),
#include "backends/backends.def"
#undef BACKEND
  };
}

Backend& backend_of(const Target& target) {
  if (Backend* backend = find_backend(target.kind)) return *backend;
  throw Error(Code::kUnsupported, "no backend for machines of kind '" + target.kind + "'",
              {"this build has: " + known_kinds()});
}

std::vector<const Row*> all_rows() {
  std::vector<const Row*> rows;
  for (Backend* backend : backends())
    for (const Row* row : backend->rows()) rows.push_back(row);
  std::lock_guard lock(plugins().mutex);
  for (const auto& row : plugins().rows) rows.push_back(row.get());
  return rows;
}

const Row* find_row(std::string_view name) {
  std::lock_guard lock(plugins().mutex);
  return row_named(name);
}

void register_row(std::unique_ptr<Row> row) {
  if (!row) throw Error(Code::kInvalid, "register_row: no row given");
  std::lock_guard lock(plugins().mutex);
  if (row_named(row->name()))
    throw Error(Code::kInvalid, "a row named '" + std::string(row->name()) + "' exists already");
  plugins().rows.push_back(std::move(row));
}

std::shared_ptr<Device> host_device() { return open_device({std::string(kHost), 0}); }

std::shared_ptr<Device> open_device(const DeviceRef& ref, std::string* reason) {
  if (ref.kind.empty() || ref.kind == "auto") return open_best(ref.index, reason);
  Backend* backend = find_backend(ref.kind);
  if (!backend)
    throw Error(Code::kNotFound, "no backend named '" + ref.kind + "'",
                {"this build has: " + known_kinds()});
  if (reason) *reason = "asked for by name";
  return backend->open(ref.index);
}

}  // namespace tenfold
