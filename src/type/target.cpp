// Targets: the text form, and names of machines that the backends know.
#include "tenfold/target.h"

#include "src/base/hash.h"
#include "src/type/text.h"
#include "tenfold/device.h"

namespace tenfold {
namespace {

bool names_a_device(std::string_view text) {
  const size_t colon = text.find(':');
  return colon != std::string_view::npos && colon + 1 < text.size() && text.size() < 64 &&
         text.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

// What to do about an unknown name, which may lack its kind or its machine; "" if nothing is near.
std::string advice(std::string_view text, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (name.ends_with(":" + std::string(text))) return "did you mean '" + name + "'?";
  if (text.find(':') == std::string_view::npos) {
    std::vector<std::string> kinds;
    for (const std::string& name : names) kinds.push_back(name.substr(0, name.find(':')));
    const std::string kind = nearest_name(text, kinds);
    for (const std::string& name : names)
      if (name.starts_with(kind + ":"))
        return "did you mean a machine of kind '" + kind + "'? '" + name + "' is one";
  }
  const std::string near = nearest_name(text, names);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

[[noreturn]] void unknown(std::string_view text) {
  std::string list;
  const std::vector<std::string> names = Target::known_names();
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  std::vector<std::string> notes = {"known: " + list};
  if (names_a_device(text))
    notes.insert(notes.begin(), "a target is a kind of machine, '" + std::string(text) +
                                    "' is a device: leave the target out to build for it");
  else if (std::string hint = advice(text.substr(0, 64), names); !hint.empty())
    notes.insert(notes.begin(), std::move(hint));
  throw Error(Code::kNotFound, "unknown target " + quote(text.substr(0, 64)), std::move(notes));
}

Target parse_full(std::string_view text) {
  Scanner in(text, "a target");
  Target t;
  t.kind = in.expect_identifier("a target's kind");
  t.name = in.quoted();
  const Attrs numbers = parse_attrs(in);
  for (const auto& [key, value] : numbers.map()) {
    const auto* number = std::get_if<int64_t>(&value);
    if (!number) in.fail("expected integers in the first braces");
    t.numbers[key] = *number;
  }
  const Attrs texts = parse_attrs(in);
  for (const auto& [key, value] : texts.map()) {
    const auto* held = std::get_if<std::string>(&value);
    if (!held) in.fail("expected texts in the second braces");
    t.texts[key] = *held;
  }
  in.expect_end();
  return t;
}

template <typename Map>
std::string braces(const Map& map) {
  Attrs attrs;
  for (const auto& [key, value] : map) attrs.set(key, value);
  return attrs.empty() ? "{}" : attrs.str();
}

}  // namespace

int64_t Target::i(const std::string& key, int64_t fallback) const {
  const auto it = numbers.find(key);
  return it == numbers.end() ? fallback : it->second;
}

std::string Target::s(const std::string& key) const {
  const auto it = texts.find(key);
  return it == texts.end() ? std::string() : it->second;
}

std::string Target::str() const {
  return kind + " " + quote(name) + " " + braces(numbers) + " " + braces(texts);
}

Target Target::parse(std::string_view text) {
  if (text.find('"') != std::string_view::npos) return parse_full(text);
  const size_t colon = text.find(':');
  const std::string_view name =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (text.ends_with(':')) unknown(text);
  for (const Backend* backend : backends())
    if (backend->kind() == text.substr(0, colon))
      if (auto target = backend->find_target(name)) return *std::move(target);
  unknown(text);
}

std::vector<std::string> Target::known_names() {
  std::vector<std::string> names;
  for (const Backend* backend : backends())
    for (const std::string& name : backend->target_names())
      names.push_back(std::string(backend->kind()) + (name.empty() ? "" : ":") + name);
  return names;
}

uint64_t Target::hash() const { return hash64(str()); }

}  // namespace tenfold
