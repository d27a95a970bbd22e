// The characters of the graph text: words, names, brackets, types, literals. parse.cpp has the
// grammar.
#pragma once

#include "tenfold/graph.h"

namespace tenfold {

// A position in the text. Failures are Error{kInvalid} with the line. Spaces, line ends and
// comments ("#" to the end of the line) before a token are skipped.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

 protected:
  [[noreturn]] void fail(const std::string& reason) const;
  std::string line_of(size_t position) const;
  // Runs `f`; its errors get the line of the statement.
  template <typename F>
  auto located(F f) -> decltype(f()) {
    try {
      return f();
    } catch (const Error& e) {
      if (std::string_view(e.what()).substr(0, 10) == "graph text") throw;  // has its line
      throw Error(e.code(), "graph text, line " + line_of(statement_) + ": " + e.what(), e.notes());
    }
  }

  void skip();
  bool at_end() const { return pos_ >= text_.size(); }
  bool at(char c) const { return !at_end() && text_[pos_] == c; }
  bool accept(std::string_view token);
  void expect(std::string_view token);
  std::string_view word();  // [A-Za-z0-9_./]*, perhaps empty
  bool accept_word(std::string_view wanted);
  std::string name();  // a word or a quoted text
  std::vector<std::string> names_in_brackets();
  // The text from here to the bracket that closes the one that opens here.
  std::string_view bracketed(char open, char close);
  int64_t integer();
  Type type();
  // "[1, 2]", "fill(1)" or "random(seed)": standard normal numbers, the same on every machine.
  Tensor literal(const Type& type);

  std::string_view text_;
  size_t pos_ = 0;
  size_t statement_ = 0;  // where the statement began: errors of its meaning name that line

 private:
  void end_of_quoted();
  void numbers(Tensor tensor);  // [a, b, ...] into the tensor's memory
  void element(Tensor& tensor, int64_t k);
};

}  // namespace tenfold
