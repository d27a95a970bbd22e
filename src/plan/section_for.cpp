// Plan::section_for: which section a machine runs.
#include "tenfold/plan.h"

namespace tenfold {

namespace {

// 0: does not fit; else the higher the better. A kind of machine with compute capabilities ("cc")
// has plans of one of them; all others run every plan of their kind (rows that a machine lacks are
// replaced).
int fitness(const Section& section, const Target& target) {
  if (section.target.kind != target.kind) return 0;
  if (section.target == target) return 4;
  const bool same_architecture = section.target.i("cc") == target.i("cc");
  if (section.target.name == target.name && same_architecture) return 3;
  if (same_architecture) return 2;
  return section.portable ? 1 : 0;
}

}  // namespace

const Section& Plan::section_for(const Target& target) const {
  const Section* best = nullptr;
  int best_fitness = 0;
  for (const Section& s : sections)
    if (const int f = fitness(s, target); f > best_fitness) {
      best = &s;
      best_fitness = f;
    }
  if (best != nullptr) return *best;
  std::vector<std::string> notes;
  for (const Section& s : sections)
    notes.push_back("it has one for " + s.target.kind +
                    (s.target.name.empty() ? "" : " " + s.target.name));
  if (sections.empty()) notes.emplace_back("it has no section at all");
  std::string flag = target.kind;
  if (target.has("cc")) flag += ":sm_" + std::to_string(target.i("cc"));
  notes.push_back("build one that fits: tenfold build MODEL -o FILE --target " + flag);
  throw Error(Code::kUnsupported,
              "the plan '" + name + "' has no section for " + target.kind +
                  (target.name.empty() ? "" : " " + target.name),
              std::move(notes));
}

}  // namespace tenfold
