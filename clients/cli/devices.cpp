#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {
namespace {

nlohmann::json describe(Backend& backend) {
  nlohmann::json j{
      {"kind", backend.kind()}, {"rows", nlohmann::json::array()}, {"notes", backend.notes()}};
  for (const Row* row : backend.rows()) j["rows"].push_back(row->name());
  j["devices"] = nlohmann::json::array();
  for (int k = 0; k < backend.device_count(); ++k) {
    nlohmann::json d{{"device", DeviceRef{std::string(backend.kind()), k}.str()}};
    try {
      const std::shared_ptr<Device> device = backend.open(k);
      d["name"] = device->target().name;
      for (const auto& [key, value] : device->target().numbers) d["target"][key] = value;
      for (const auto& [key, value] : device->target().texts) d["target"][key] = value;
    } catch (const Error& e) {
      d["error"] = e.what();
    }
    j["devices"].push_back(std::move(d));
  }
  return j;
}

void print(const nlohmann::json& backends, bool verbose) {
  for (const auto& b : backends) {
    const std::string kind = b["kind"];
    if (b["devices"].empty()) put("{}: no device\n", kind);
    for (const auto& d : b["devices"]) {
      put("{}: {}\n", std::string(d["device"]),
          d.contains("name") ? std::string(d["name"]) : std::string(d["error"]));
      if (!d.contains("target")) continue;
      for (const auto& [key, value] : d["target"].items())
        put("    {:<22} {}\n", key, value.is_string() ? std::string(value) : value.dump());
    }
    for (const auto& n : b["notes"]) put("  note: {}\n", std::string(n));
    if (verbose)
      for (const auto& r : b["rows"]) put("  row: {}\n", std::string(r));
    else
      put("  {} rows (--rows lists them)\n", b["rows"].size());
  }
}

}  // namespace

Action add_devices(CLI::App& app) {
  app.description("List devices, libraries, and what is missing and why");
  struct Options {
    bool json = false, rows = false;
  };
  auto o = std::make_shared<Options>();
  app.add_flag("--json", o->json, "print JSON");
  app.add_flag("--rows", o->rows, "list the kernels' rows");
  app.footer("Example:\n  tenfold devices --json");
  return [o] {
    nlohmann::json all = nlohmann::json::array();
    for (Backend* b : backends()) all.push_back(describe(*b));
    std::string reason;
    const std::shared_ptr<Device> chosen = open_device({"auto", 0}, &reason);
    if (o->json) {
      print_document({{"backends", all}, {"default", chosen->ref().str()}, {"why", reason}});
      return;
    }
    print(all, o->rows);
    put("default: {}{}\n", chosen->ref().str(), reason.empty() ? "" : " (" + reason + ")");
  };
}

}  // namespace tenfold::cli
