#include "src/ir/reader.h"

#include <algorithm>
#include <charconv>

#include "src/base/scanner.h"
#include "src/ir/storage.h"

namespace tenfold {
namespace {

constexpr int64_t kMaxGenerated = int64_t{1} << 27;  // elements of a literal

bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '/';
}

// Standard normal numbers by seed: the same on every machine.
class Normals {
 public:
  explicit Normals(uint64_t seed) : state_(seed * 2 + 1) {}
  double next() {  // the sum of twelve uniforms less six
    double sum = -6;
    for (int k = 0; k < 12; ++k) sum += uniform();
    return sum;
  }

 private:
  double uniform() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  uint64_t state_;
};

}  // namespace

void Reader::fail(const std::string& reason) const {
  throw Error(Code::kInvalid, "graph text, line " + line_of(pos_) + ": " + reason);
}

std::string Reader::line_of(size_t position) const {
  const auto at = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
  return std::to_string(std::count(text_.begin(), at, '\n') + 1);
}

void Reader::skip() {
  while (pos_ < text_.size()) {
    const char c = text_[pos_];
    if (c == '#') {
      while (pos_ < text_.size() && text_[pos_] != '\n') ++pos_;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++pos_;
    } else {
      return;
    }
  }
}

bool Reader::accept(std::string_view token) {
  skip();
  if (text_.substr(pos_, token.size()) != token) return false;
  pos_ += token.size();
  return true;
}

void Reader::expect(std::string_view token) {
  if (!accept(token)) fail("expected '" + std::string(token) + "'");
}

std::string_view Reader::word() {
  skip();
  const size_t begin = pos_;
  while (pos_ < text_.size() && word_char(text_[pos_])) ++pos_;
  return text_.substr(begin, pos_ - begin);
}

bool Reader::accept_word(std::string_view wanted) {
  const size_t before = pos_;
  if (word() == wanted) return true;
  pos_ = before;
  return false;
}

std::string Reader::name() {
  skip();
  if (pos_ < text_.size() && text_[pos_] == '"') {
    const size_t begin = pos_;
    end_of_quoted();
    Scanner scanner(text_.substr(begin, pos_ - begin), "a name");
    return scanner.quoted();
  }
  std::string text(word());
  if (text.empty()) fail("expected a name");
  return text;
}

void Reader::end_of_quoted() {
  for (++pos_; pos_ < text_.size() && text_[pos_] != '"'; ++pos_)
    if (text_[pos_] == '\\') ++pos_;
  if (pos_ >= text_.size()) fail("a quoted text does not end");
  ++pos_;
}

std::string_view Reader::bracketed(char open, char close) {
  skip();
  const size_t begin = pos_;
  if (pos_ >= text_.size() || text_[pos_] != open) fail(std::string("expected '") + open + "'");
  for (int depth = 0; pos_ < text_.size();) {
    const char c = text_[pos_];
    if (c == '"') {
      end_of_quoted();
      continue;
    }
    ++pos_;
    if (c == open) ++depth;
    if (c == close && --depth == 0) return text_.substr(begin, pos_ - begin);
  }
  fail(std::string("no '") + close + "' closes the '" + open + "'");
}

int64_t Reader::integer() {
  skip();
  int64_t v = 0;
  const auto [end, error] = std::from_chars(text_.data() + pos_, text_.data() + text_.size(), v);
  if (error != std::errc()) fail("expected a whole number");
  pos_ = static_cast<size_t>(end - text_.data());
  return v;
}

std::vector<std::string> Reader::names_in_brackets() {
  std::vector<std::string> names;
  expect("[");
  if (accept("]")) return names;
  do names.push_back(name());
  while (accept(","));
  expect("]");
  return names;
}

Type Reader::type() {
  skip();
  const size_t begin = pos_;
  int open = 0;  // of seq( and opt(
  for (; !at_end() && (word_char(text_[pos_]) || text_[pos_] == '('); ++pos_)
    if (text_[pos_] == '(') ++open;
  if (at('[')) bracketed('[', ']');
  for (; open > 0 && at(')'); --open) ++pos_;
  return located([&] { return Type::parse(text_.substr(begin, pos_ - begin)); });
}

Tensor Reader::literal(const Type& type) {
  const Extents dims = const_extents(type.shape);
  const int64_t count = element_count(dims);
  if (count > kMaxGenerated)
    throw Error(Code::kResource, "a literal of " + type.str() + " is too large");
  if (!can_print_elements(type.dtype)) fail("elements of this type cannot be spelt");
  Tensor tensor(type.dtype, dims);
  if (is_complex(type.dtype)) {
    numbers(parts_of(tensor));
  } else if (accept_word("random")) {
    expect("(");
    Normals normals(static_cast<uint64_t>(integer()));
    expect(")");
    for (int64_t k = 0; k < count; ++k)
      store_element(type.dtype, tensor.mutable_data(), k, normals.next());
  } else if (accept_word("fill")) {
    Tensor one(type.dtype, {1});
    expect("(");
    element(one, 0);
    expect(")");
    for (int64_t k = 0; k < count; ++k)
      store_element(type.dtype, tensor.mutable_data(), k, one.at(0));
  } else {
    numbers(tensor);
  }
  return tensor;
}

void Reader::numbers(Tensor tensor) {
  expect("[");
  for (int64_t k = 0; k < tensor.count(); ++k) {
    if (k) expect(",");
    element(tensor, k);
  }
  expect("]");
}

void Reader::element(Tensor& tensor, int64_t k) {
  skip();
  const char* begin = text_.data() + pos_;
  const char* end = text_.data() + text_.size();
  const size_t at = static_cast<size_t>(k);
  std::from_chars_result read{begin, std::errc::invalid_argument};
  if (tensor.dtype() == DType::kI64) {
    read = std::from_chars(begin, end, tensor.as_mutable<int64_t>()[at]);
  } else if (tensor.dtype() == DType::kU64) {
    read = std::from_chars(begin, end, tensor.as_mutable<uint64_t>()[at]);
  } else {
    double v = 0;
    read = std::from_chars(begin, end, v);
    if (read.ec == std::errc()) store_element(tensor.dtype(), tensor.mutable_data(), k, v);
  }
  if (read.ec != std::errc()) fail("expected a number");
  pos_ = static_cast<size_t>(read.ptr - text_.data());
}

}  // namespace tenfold
