// Shape rules: a line of shapes.txt is a case.
#include <cmath>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

std::string trim(std::string s) {
  s.erase(0, s.find_first_not_of(' '));
  s.erase(s.find_last_not_of(' ') + 1);
  return s;
}

std::vector<std::string> split_types(const std::string& text) {
  std::vector<std::string> parts;
  int depth = 0;
  std::string part;
  for (char c : text + ",") {
    depth += (c == '[') - (c == ']');
    if (c == ',' && depth == 0) {
      if (!trim(part).empty()) parts.push_back(trim(part));
      part.clear();
    } else {
      part += c;
    }
  }
  return parts;
}

struct Line {
  std::string op, reason;
  Attrs attrs;
  std::vector<std::string> inputs, outputs;
  bool refused = false;
};

Line parse_line(const std::string& text) {
  Line line;
  const size_t arrow = text.rfind("->");
  std::string head = text.substr(0, arrow), tail = text.substr(arrow + 2);
  const size_t brace = head.find('{'), close = head.rfind('}');
  size_t colon = head.find(':');
  if (brace != std::string::npos) {
    line.attrs = Attrs::parse(head.substr(brace, close - brace + 1));
    colon = head.find(':', close);
  }
  line.op = trim(head.substr(0, std::min(brace, colon)));
  line.inputs = split_types(head.substr(colon + 1));
  const size_t mark = tail.find('!');
  line.refused = mark != std::string::npos;
  if (line.refused) line.reason = trim(tail.substr(mark + 1));
  line.outputs = split_types(tail.substr(0, mark));
  return line;
}

TEST(Shapes, FollowTheTable) {
  std::ifstream in(TENFOLD_TEST_DATA "/op/shapes.txt");
  std::set<std::string> covered;
  for (std::string text; std::getline(in, text);) {
    if (text.empty() || text[0] == '#') continue;
    const Line line = parse_line(text);
    covered.insert(line.op);
    GraphBuilder b("case");
    std::vector<ValueId> inputs;
    for (const std::string& t : line.inputs) {
      const Type type = Type::parse(t);
      inputs.push_back(b.input("x" + std::to_string(inputs.size()), type.dtype, type.shape));
    }
    const int outputs = std::max<int>(1, static_cast<int>(line.outputs.size()));
    try {
      const std::vector<ValueId> made = b.nodes(line.op, inputs, outputs, line.attrs, "the node");
      EXPECT_FALSE(line.refused) << "accepted: " << text;
      for (size_t k = 0; k < line.outputs.size() && !line.refused; ++k)
        EXPECT_EQ(b.type(made[k]).str(), Type::parse(line.outputs[k]).str()) << text;
    } catch (const Error& e) {
      EXPECT_TRUE(line.refused) << text << "\n" << e.full();
      EXPECT_NE(e.full().find(line.reason), std::string::npos) << text << "\n" << e.full();
      EXPECT_NE(e.full().find("the node"), std::string::npos) << e.full();
      EXPECT_NE(e.code(), Code::kInternal) << text;
    }
  }
  for (const std::string& name : op_names())
    EXPECT_TRUE(covered.count(name)) << name << " has no case";
}

TEST(Ops, EveryOneHasADocAndSlots) {
  for (const std::string& name : op_names()) {
    const Op& def = *find_op(name);
    EXPECT_EQ(def.name, name);
    EXPECT_GT(def.doc.size(), 4u) << name;
    EXPECT_FALSE(def.inputs.empty()) << name;
    EXPECT_FALSE(def.outputs.empty()) << name;
    for (const Op::AttrSlot& a : def.attrs)
      EXPECT_TRUE((std::set<std::string>{"i", "f", "s", "ints", "floats", "strings"}).count(a.kind))
          << name;
  }
}

double pointwise(const std::string& op, const std::vector<double>& values,
                 const Attrs& attrs = {}) {
  Expr e;
  std::vector<int> regs;
  for (size_t k = 0; k < values.size(); ++k) regs.push_back(e.load(static_cast<int>(k)));
  e.store(0, find_op(op)->expr(e, attrs, regs));
  e.verify(static_cast<int>(values.size()), 1);
  return evaluate_scalar(e, 0, values);
}

TEST(Ops, PointwiseMeanings) {
  EXPECT_EQ(pointwise("Relu", {-2}), 0);
  EXPECT_EQ(pointwise("LeakyRelu", {-2}), -0.02);
  EXPECT_EQ(pointwise("LeakyRelu", {-2}, {{"alpha", 0.5}}), -1);
  EXPECT_NEAR(pointwise("Elu", {-1}, {{"alpha", 2.0}}), 2 * (std::exp(-1) - 1), 1e-12);
  EXPECT_EQ(pointwise("PRelu", {-2, 0.25}), -0.5);
  EXPECT_EQ(pointwise("Clip", {9}, {{"min", int64_t{0}}, {"max", 6.0}}), 6);
  EXPECT_EQ(pointwise("Clip", {-9}, {{"max", 6.0}}), -9);
  EXPECT_EQ(pointwise("Clip", {-9}, {{"min", -1.0}}), -1);
  EXPECT_EQ(pointwise("Clip", {-9}), -9);
  EXPECT_EQ(pointwise("Relu6", {7}), 6);
  EXPECT_NEAR(pointwise("HardSigmoid", {1}), 0.7, 1e-12);
  EXPECT_EQ(pointwise("Sub", {5, 3}), 2);
  EXPECT_EQ(pointwise("Div", {6, 3}), 2);
  EXPECT_EQ(pointwise("Pow", {2, 10}), 1024);
  EXPECT_EQ(pointwise("Mod", {-7, 3}), 2);
  EXPECT_EQ(pointwise("Mod", {-7, 3}, {{"fmod", int64_t{1}}}), -1);
  EXPECT_EQ(pointwise("Sum", {1, 2, 3, 4}), 10);
  EXPECT_EQ(pointwise("Max", {1, 5, 3}), 5);
  EXPECT_EQ(pointwise("Min", {1, 5, 3}), 1);
  EXPECT_EQ(pointwise("Where", {1, 5, 3}), 5);
  EXPECT_EQ(pointwise("Where", {0, 5, 3}), 3);
  EXPECT_EQ(pointwise("Cast", {300}, {{"to", std::string("u8")}}), 255);
  EXPECT_EQ(pointwise("QuantizeLinear", {1.26}, {{"scale", 0.5}, {"zero_point", int64_t{1}}}), 4);
  EXPECT_EQ(pointwise("QuantizeLinear", {1000, 0.5}), 127);
  EXPECT_EQ(pointwise("DequantizeLinear", {5, 0.5, 1}), 2);
  EXPECT_EQ(pointwise("Equal", {5, 5}), 1);
  EXPECT_EQ(pointwise("GreaterOrEqual", {4, 5}), 0);
  EXPECT_EQ(pointwise("Xor", {1, 0}), 1);
}

TEST(Ops, PluginsRegisterOnce) {
  Op def;
  def.name = "MyScale";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.infer = [](const InferContext& c) { return c.inputs; };
  const Op kept = def;
  register_op(std::move(def));
  EXPECT_NE(find_op("MyScale"), nullptr);
  EXPECT_THROW(register_op(kept), Error);
  Op taken = kept;
  taken.name = "Relu";
  EXPECT_THROW(register_op(std::move(taken)), Error);
}

}  // namespace
}  // namespace tenfold
