// Attributes: typed access and the text form {alpha=0.1, kernel=[2,2], mode="x"}.
#include <cmath>

#include "src/type/text.h"

namespace tenfold {
namespace {

constexpr const char* kKinds[] = {"an integer",         "a number",          "a text",
                                  "a list of integers", "a list of numbers", "a list of texts"};

[[noreturn]] void wrong_type(const std::string& name, const Attr& attr, const char* wanted) {
  throw Error(Code::kInvalid,
              "attribute '" + name + "' is " + kKinds[attr.index()] + ", not " + wanted);
}

template <typename T, typename Print>
std::string list(const char* empty, const std::vector<T>& values, Print print) {
  if (values.empty()) return empty;
  std::string text;
  for (const T& v : values) text += (text.empty() ? "[" : ",") + print(v);
  return text + "]";
}

struct Printer {
  std::string operator()(int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const { return shortest_real(v); }
  std::string operator()(const std::string& v) const { return quote(v); }
  std::string operator()(const std::vector<int64_t>& v) const { return list("[]", v, *this); }
  // Empty lists name their type: "[]" is one of integers.
  std::string operator()(const std::vector<double>& v) const { return list("floats[]", v, *this); }
  std::string operator()(const std::vector<std::string>& v) const {
    return list("strings[]", v, *this);
  }
};

// An integer or a number.
Attr parse_number(Scanner& in) {
  const size_t start = in.position();
  bool integral = false;
  const double value = in.number(&integral);
  if (!integral) return value;
  in.rewind(start);
  return in.integer();
}

Attr parse_list(Scanner& in) {
  if (in.accept(']')) return std::vector<int64_t>{};
  if (in.peek() == '"') {
    std::vector<std::string> texts;
    do texts.push_back(in.quoted());
    while (in.accept(','));
    in.expect(']');
    return texts;
  }
  std::vector<int64_t> ints;
  std::vector<double> reals;  // a list with one real number is a list of real numbers
  bool all_ints = true;
  do {
    const Attr value = parse_number(in);
    if (const auto* i = std::get_if<int64_t>(&value)) {
      ints.push_back(*i);
      reals.push_back(static_cast<double>(*i));
    } else {
      reals.push_back(std::get<double>(value));
      all_ints = false;
    }
  } while (in.accept(','));
  in.expect(']');
  if (all_ints) return ints;
  return reals;
}

Attr parse_attr(Scanner& in) {
  if (in.peek() == '"') return in.quoted();
  if (in.accept('[')) return parse_list(in);
  if (in.accept("floats[]")) return std::vector<double>{};
  if (in.accept("strings[]")) return std::vector<std::string>{};
  return parse_number(in);
}

}  // namespace

int64_t Attrs::i(const std::string& name, int64_t fallback) const {
  const auto it = map_.find(name);
  if (it == map_.end()) return fallback;
  if (const auto* v = std::get_if<int64_t>(&it->second)) return *v;
  wrong_type(name, it->second, "an integer");
}

double Attrs::f(const std::string& name, double fallback) const {
  const auto it = map_.find(name);
  if (it == map_.end()) return fallback;
  if (const auto* v = std::get_if<double>(&it->second)) return *v;
  if (const auto* v = std::get_if<int64_t>(&it->second)) return static_cast<double>(*v);
  wrong_type(name, it->second, "a number");
}

std::string Attrs::s(const std::string& name, const std::string& fallback) const {
  const auto it = map_.find(name);
  if (it == map_.end()) return fallback;
  if (const auto* v = std::get_if<std::string>(&it->second)) return *v;
  wrong_type(name, it->second, "a text");
}

std::vector<int64_t> Attrs::ints(const std::string& name,
                                 const std::vector<int64_t>& fallback) const {
  const auto it = map_.find(name);
  if (it == map_.end()) return fallback;
  if (const auto* v = std::get_if<std::vector<int64_t>>(&it->second)) return *v;
  wrong_type(name, it->second, "a list of integers");
}

std::vector<double> Attrs::floats(const std::string& name,
                                  const std::vector<double>& fallback) const {
  const auto it = map_.find(name);
  if (it == map_.end()) return fallback;
  if (const auto* v = std::get_if<std::vector<double>>(&it->second)) return *v;
  if (const auto* v = std::get_if<std::vector<int64_t>>(&it->second)) return {v->begin(), v->end()};
  wrong_type(name, it->second, "a list of numbers");
}

std::vector<std::string> Attrs::strings(const std::string& name) const {
  const auto it = map_.find(name);
  if (it == map_.end()) return {};
  if (const auto* v = std::get_if<std::vector<std::string>>(&it->second)) return *v;
  wrong_type(name, it->second, "a list of texts");
}

std::string Attrs::str() const {
  std::string text;
  for (const auto& [name, value] : map_) {
    text += text.empty() ? "{" : ", ";
    text += (is_identifier(name) ? name : quote(name)) + "=" + std::visit(Printer{}, value);
  }
  return text.empty() ? text : text + "}";
}

Attrs parse_attrs(Scanner& in) {
  Attrs attrs;
  if (!in.accept('{') || in.accept('}')) return attrs;
  do {
    const std::string name =
        in.peek() == '"' ? in.quoted() : std::string(in.expect_identifier("an attribute's name"));
    if (attrs.has(name)) in.fail("attribute " + quote(name) + " is given twice");
    in.expect('=');
    attrs.set(name, parse_attr(in));
  } while (in.accept(','));
  in.expect('}');
  return attrs;
}

Attrs Attrs::parse(std::string_view text) {
  Scanner in(text, "attributes");
  Attrs attrs = parse_attrs(in);
  in.expect_end();
  return attrs;
}

}  // namespace tenfold
