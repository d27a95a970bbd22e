#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "tenfold/compile.h"

namespace tenfold {

std::string Explanation::text(const std::string& filter) const {
  std::string out, last;
  char us[48];
  std::vector<const Line*> order;
  for (const Line& l : lines)
    if (filter.empty() || l.nodes.find(filter) != std::string::npos) order.push_back(&l);
  // Lines of one region stand together, regions in the order in which they were first looked at.
  std::map<std::string, size_t> first;
  for (size_t k = 0; k < lines.size(); ++k) first.try_emplace(lines[k].nodes, k);
  std::stable_sort(order.begin(), order.end(), [&](const Line* a, const Line* b) {
    return first.at(a->nodes) < first.at(b->nodes);
  });
  for (const Line* l : order) {
    if (l->nodes != last) out += (out.empty() ? "" : "\n") + l->nodes + "\n";
    last = l->nodes;
    std::string row = l->row + (l->tactic.empty() ? "" : " [" + l->tactic + "]");
    if (row.size() < 28) row.resize(28, ' ');
    if (!l->reason.empty()) {
      out += "  - " + row + " refused: " + l->reason +
             (l->formats.empty() ? "" : "  (" + l->formats + ")") + "\n";
      continue;
    }
    std::snprintf(us, sizeof us, "%10.2f us %s", l->us, l->measured ? "measured " : "estimated");
    out += std::string(l->chosen ? "  * " : "    ") + row + us + "  " + l->formats + "\n";
  }
  for (const std::string& r : remarks) out += "\n" + r;
  if (!remarks.empty()) out += "\n";
  return out;
}

std::string Explanation::json() const {
  nlohmann::json doc;
  doc["candidates"] = nlohmann::json::array();
  for (const Line& l : lines) {
    nlohmann::json j{{"nodes", l.nodes},
                     {"row", l.row},
                     {"tactic", l.tactic},
                     {"formats", l.formats},
                     {"chosen", l.chosen}};
    if (!l.reason.empty()) {
      j["refused"] = l.reason;
    } else {
      j["us"] = l.us;
      j["measured"] = l.measured;
      j["problem"] = l.problem;
    }
    doc["candidates"].push_back(std::move(j));
  }
  doc["remarks"] = remarks;
  return doc.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tenfold
