// Reads the small text forms (dims, types, attributes, Exprs, Problems) from left to right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tenfold {

// A position in a text. Every failure is Error{kInvalid} that names what is read, the column and
// what was expected there. Spaces and tabs before a token are skipped.
class Scanner {
 public:
  Scanner(std::string_view text, const char* what) : text_(text), what_(what) {}

  [[noreturn]] void fail(const std::string& reason) const;
  bool at_end();
  void expect_end();
  char peek();                              // '\0' at the end
  char peek_raw(size_t ahead = 0) const;    // without skipping spaces
  bool accept(char c);
  bool accept(std::string_view token);      // exact characters
  bool looking_at(std::string_view token);
  void expect(char c);
  void expect(std::string_view token);
  // [A-Za-z_][A-Za-z0-9_]*; empty if the next token is none.
  std::string_view identifier();
  std::string_view expect_identifier(const char* meaning);
  bool accept_word(std::string_view word);  // an identifier equal to `word`
  bool at_number();                         // digit, or sign followed by a digit
  int64_t integer();
  // Decimal digits as an unsigned magnitude <= 2^63.
  uint64_t magnitude();
  // A double; `is_integer` tells whether it was spelt as an integer (no '.', exponent, inf, nan).
  double number(bool* is_integer = nullptr);
  std::string quoted();  // "..." with the escapes that quote() writes
  size_t position() const { return pos_; }
  void rewind(size_t position) { pos_ = position; }
  std::string_view text() const { return text_; }

 private:
  void skip();
  std::string_view text_;
  const char* what_;
  size_t pos_ = 0;
};

bool is_identifier(std::string_view text);
// In double quotes; quotes, backslashes and control characters escaped.
std::string quote(std::string_view text);
// The shortest decimal that reads back as the same double: "0.1", "1e+30", "inf", "-0", "nan".
std::string shortest(double value);
// As shortest, but never spelt like an integer: "1.0".
std::string shortest_real(double value);

}  // namespace tenfold
