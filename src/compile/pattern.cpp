#include "src/compile/pattern.h"

#include <cctype>

#include "src/compile/region.h"

namespace tenfold::select {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(std::string_view token) {
    skip();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  std::string word() {
    skip();
    const size_t from = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
      ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  bool done() {
    skip();
    return at_ == text_.size();
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(Code::kInternal,
                "pattern \"" + std::string(text_) + "\": " + what + " at " + std::to_string(at_));
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Pattern parse_pattern(std::string_view text) {
  Scanner in(text);
  Pattern pattern;
  pattern.op = in.word();
  if (pattern.op.empty()) in.fail("an op name is missing");
  if (in.done()) {
    pattern.variadic = true;
    return pattern;
  }
  if (!in.take("(")) in.fail("'(' is missing");
  while (!in.take(")")) {
    if (in.take("...")) {
      pattern.variadic = true;
      continue;
    }
    const bool constant = in.take("@");
    std::string name = in.word();
    if (name.empty()) in.fail("an operand name is missing");
    pattern.args.push_back({std::move(name), constant});
    in.take(",");
  }
  if (!in.done()) in.fail("unexpected text");
  return pattern;
}

bool matches(const Pattern& pattern, const Graph& graph, NodeId id, std::string* why) {
  const Node& node = graph.node(id);
  if (pattern.op == "Pointwise") return is_pointwise(graph, id);
  if (pattern.op != node.op) return false;
  const auto refuse = [&](std::string reason) {
    if (why) *why = std::move(reason);
    return false;
  };
  if (node.inputs.size() < pattern.args.size())
    return refuse("it takes " + std::to_string(pattern.args.size()) + " inputs, the node has " +
                  std::to_string(node.inputs.size()));
  for (size_t k = 0; k < pattern.args.size(); ++k) {
    if (!pattern.args[k].constant) continue;
    if (!node.inputs[k].valid() || !graph.value(node.inputs[k]).constant.valid())
      return refuse("input " + std::to_string(k) + " ('" + pattern.args[k].name +
                    "') must be a constant");
  }
  return true;
}

}  // namespace tenfold::select
