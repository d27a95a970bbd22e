#include "src/base/scanner.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "tenfold/diag.h"

namespace tenfold {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Scanner::fail(const std::string& reason) const {
  constexpr size_t kShown = 24;
  std::string near(text_.substr(std::min(pos_, text_.size()), kShown));
  throw Error(Code::kInvalid, std::string("cannot read ") + what_ + ", column " +
                                  std::to_string(pos_ + 1) + ": " + reason +
                                  (near.empty() ? " at the end" : ", found " + quote(near)));
}

void Scanner::skip() {
  while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) ++pos_;
}

bool Scanner::at_end() {
  skip();
  return pos_ >= text_.size();
}

void Scanner::expect_end() {
  if (!at_end()) fail("expected the end");
}

char Scanner::peek() {
  skip();
  return pos_ < text_.size() ? text_[pos_] : '\0';
}

char Scanner::peek_raw(size_t ahead) const {
  return ahead < text_.size() - std::min(pos_, text_.size()) ? text_[pos_ + ahead] : '\0';
}

bool Scanner::accept(char c) {
  if (at_end() || text_[pos_] != c) return false;
  ++pos_;
  return true;
}

bool Scanner::looking_at(std::string_view token) {
  skip();
  return text_.substr(pos_, token.size()) == token;
}

bool Scanner::accept(std::string_view token) {
  if (!looking_at(token)) return false;
  pos_ += token.size();
  return true;
}

void Scanner::expect(char c) {
  if (!accept(c)) fail(std::string("expected '") + c + "'");
}

void Scanner::expect(std::string_view token) {
  if (!accept(token)) fail("expected '" + std::string(token) + "'");
}

std::string_view Scanner::identifier() {
  skip();
  size_t end = pos_;
  if (end < text_.size() && is_letter(text_[end]))
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
  const std::string_view name = text_.substr(pos_, end - pos_);
  pos_ = end;
  return name;
}

std::string_view Scanner::expect_identifier(const char* meaning) {
  const std::string_view name = identifier();
  if (name.empty()) fail(std::string("expected ") + meaning);
  return name;
}

bool Scanner::accept_word(std::string_view word) {
  const size_t start = (skip(), pos_);
  if (identifier() == word) return true;
  pos_ = start;
  return false;
}

bool Scanner::at_number() {
  const char c = peek();
  return is_digit(c) || ((c == '-' || c == '+') && is_digit(peek_raw(1)));
}

uint64_t Scanner::magnitude() {
  skip();
  uint64_t value = 0;
  const char* end = text_.data() + text_.size();
  const auto result = std::from_chars(text_.data() + pos_, end, value);
  if (result.ec != std::errc() || value > uint64_t{1} << 63) fail("expected a number below 2^63");
  pos_ = static_cast<size_t>(result.ptr - text_.data());
  return value;
}

int64_t Scanner::integer() {
  skip();
  const size_t start = pos_;
  const bool negative = accept('-');
  if (!is_digit(peek_raw())) fail("expected an integer");
  const uint64_t value = magnitude();
  if (!negative && value == uint64_t{1} << 63) {
    pos_ = start;
    fail("the integer does not fit into 64 bits");
  }
  return static_cast<int64_t>(negative ? uint64_t{0} - value : value);
}

double Scanner::number(bool* is_integer) {
  skip();
  const bool negative = accept('-');
  double value = 0;
  bool integral = false;
  if (accept_word("inf")) {
    value = std::numeric_limits<double>::infinity();
  } else if (accept_word("nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    const char* begin = text_.data() + pos_;
    const char* end = text_.data() + text_.size();
    if (!is_digit(peek_raw())) fail("expected a number");
    const auto result = std::from_chars(begin, end, value);
    if (result.ec == std::errc::result_out_of_range) fail("the number is out of range");
    if (result.ec != std::errc()) fail("expected a number");
    const std::string_view spelt(begin, static_cast<size_t>(result.ptr - begin));
    integral = spelt.find_first_not_of("0123456789") == std::string_view::npos;
    pos_ += spelt.size();
  }
  if (is_integer) *is_integer = integral;
  return negative ? -value : value;
}

std::string Scanner::quoted() {
  expect('"');
  std::string result;
  for (;;) {
    if (pos_ >= text_.size()) fail("expected a closing quote");
    char c = text_[pos_++];
    if (c == '"') return result;
    if (c == '\\') {
      const char e = peek_raw();
      ++pos_;
      if (e == 'n')
        c = '\n';
      else if (e == 't')
        c = '\t';
      else if (e == 'r')
        c = '\r';
      else if (e == '"' || e == '\\')
        c = e;
      else if (e == 'x' && hex_value(peek_raw()) >= 0 && hex_value(peek_raw(1)) >= 0) {
        c = static_cast<char>(hex_value(peek_raw()) * 16 + hex_value(peek_raw(1)));
        pos_ += 2;
      } else {
        pos_ -= 2;
        fail("unknown escape");
      }
    }
    result += c;
  }
}

bool is_identifier(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return false;
  for (const char c : text)
    if (!is_letter(c) && !is_digit(c)) return false;
  return true;
}

std::string quote(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (result += '\\') += c;
    else if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (c == '\r')
      result += "\\r";
    else if (u < 0x20 || u == 0x7f)
      ((result += "\\x") += kDigits[u >> 4]) += kDigits[u & 15];
    else
      result += c;
  }
  return result += '"';
}

std::string shortest(double value) {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  char buffer[40];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, result.ptr);
}

std::string shortest_real(double value) {
  std::string text = shortest(value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

}  // namespace tenfold
