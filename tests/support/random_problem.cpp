#include "tests/support/random_problem.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tenfold::test {

Problem RandomProblem::problem() {
  switch (pick(0, 15)) {
    case 0: return gemm();
    case 1: return matmul();
    case 2: return convolution(true);
    case 3: return pool();
    case 4: return normalization();
    case 5:
    case 6: return pointwise();
    case 7: return integers();
    case 8: return reduction();
    case 9:
    case 10: return movement();
    case 11: return selection();
    case 12: return resize();
    default: return convolution(false);
  }
}

std::vector<int64_t> RandomProblem::several(size_t count, int64_t low, int64_t high) {
  Ints list(count);
  for (int64_t& v : list) v = pick(low, high);
  return list;
}

int64_t RandomProblem::channels() {
  return one_of(Ints{1, 3, 8, 16, 17, 24, 32, 48, 64, 96, 128, 160, 192, 255, 256, 320, 512, 1024});
}

std::string RandomProblem::tensor(size_t rank, int64_t most, const std::string& dtype) {
  Ints dims;
  int64_t count = 1;
  for (size_t k = 1; k < rank; ++k) {
    int64_t extent = pick(0, 2) ? pick(1, 9) : channels();
    while (count * extent > most) extent = (extent + 1) / 2 == extent ? 1 : (extent + 1) / 2;
    dims.push_back(extent);
    count *= extent;
  }
  std::shuffle(dims.begin(), dims.end(), rng_);
  return fmt::format("{}[N{}{}]", dtype, dims.empty() ? "" : ",", fmt::join(dims, ","));
}

std::string RandomProblem::broadcast(const Type& y) {
  Texts dims;
  bool symbolic = false;
  for (const Dim& d : y.shape) {
    const bool one = pick(0, 2) == 0;
    dims.push_back(one ? "1" : d.str());
    symbolic = symbolic || (!one && !d.is_const());
  }
  // Axes in front that are 1 may be absent.
  while (!dims.empty() && dims[0] == "1" && pick(0, 1)) dims.erase(dims.begin());
  const std::string constant = symbolic || pick(0, 1) ? "" : "@";
  return fmt::format("{}{}[{}]", constant, to_string(y.dtype), fmt::join(dims, ","));
}

Problem RandomProblem::made(const std::string& op, const Texts& inputs, const std::string& attrs,
                            const std::string& expr, const Texts& results, size_t anchor) {
  return Problem::parse(
      fmt::format("{}({}) {} {} -> {} | compute=f32 acc=f32 anchor={} | N in 0..64 at {}", op,
                  fmt::join(inputs, ", "), attrs, expr, fmt::join(results, ", "), anchor,
                  one_of(Ints{1, 1, 1, 2, 8})));
}

Problem RandomProblem::of(const std::string& op, const Texts& inputs, const std::string& attrs,
                          int outputs, bool fused) {
  const Op* def = find_op(op);
  Attrs given = Attrs::parse("{" + attrs + "}");
  std::vector<Type> types;
  std::vector<Shape> shapes;
  for (const std::string& text : inputs) {
    types.push_back(Type::parse(text[0] == '@' ? text.substr(1) : text));
    shapes.push_back(types.back().shape);
  }
  const std::vector<Type> types_out =
      def->infer({given, types, std::vector<const Tensor*>(types.size()), outputs});
  if (def->complete) given = def->complete(given, shapes);
  Texts all = inputs, results;
  for (const Type& t : types_out) results.push_back(t.str());
  std::string expr;
  if (fused && types_out.size() == 1 && types_out[0].dtype == DType::kF32)
    expr = " out0=" + program("acc", all, types_out[0]);
  return made(op, all, given.str(), expr, results, inputs.size());
}

std::string RandomProblem::program(std::string value, Texts& inputs, const Type& y) {
  const auto leaf = [&]() -> std::string {
    if (pick(0, 3) == 0) return one_of(Texts{"0.5", "-1.25", "2", "0.1"});
    inputs.push_back(pick(0, 2) ? broadcast(y) : y.str());
    return fmt::format("in{}", inputs.size() - 1);
  };
  int factors = 0;
  for (int64_t steps = pick(1, 5); steps > 0; --steps) {
    const int64_t kind = pick(0, 9);
    if (kind < 4) {
      const char* const unary[] = {"relu({})",
                                   "sigmoid({})",
                                   "tanh({})",
                                   "abs({})",
                                   "neg({})",
                                   "erf({})",
                                   "softplus({})",
                                   "sin({})",
                                   "clip({}, 0, 6)",
                                   "elu({}, 0.5)",
                                   "exp(min({},1))",
                                   "leakyrelu({}, 0.1)",
                                   "clip({}, -1, 1)",
                                   "cos({})",
                                   "sqrt(add(abs({}),0.5))",
                                   "log(add(abs({}),0.5))",
                                   "rsqrt(add(abs({}),0.5))",
                                   "pow(add(abs({}),0.5),1.7)"};
      value = fmt::format(fmt::runtime(unary[pick(0, std::size(unary) - 1)]), value);
    } else if (kind < 8) {
      std::string a = value, b = leaf();
      if (pick(0, 1)) std::swap(a, b);
      std::string op = one_of(Texts{"add", "sub", "mul", "max", "min", "prelu"});
      if (op == "mul" && ++factors > 2) op = "add";
      value = fmt::format("{}({},{})", op, a, b);
    } else if (kind == 8) {
      value = fmt::format("div({},add(abs({}),0.5))", value, leaf());
    } else if (value.size() < 60) {
      const std::string a = leaf(), b = leaf();
      value = pick(0, 1) ? fmt::format("mul({},sigmoid({}))", value, value)
                         : fmt::format("select(less({},{}),{},{})", a, b, value, leaf());
    }
  }
  return value;
}

Problem RandomProblem::pointwise() {
  const std::string dtype = pick(0, 5) ? "f32" : "u8";
  Texts inputs{tensor(static_cast<size_t>(pick(1, 5)), 3000, dtype)};
  Type y = Type::parse(inputs[0]);
  y.dtype = DType::kF32;
  const int64_t outputs = pick(0, 3) ? 1 : pick(2, 3);
  std::string value = dtype == "u8" ? "mul(cast:f32(in0),0.01)" : "in0";
  std::string expr;
  Texts results;
  for (int64_t k = 0; k < outputs; ++k) {
    const std::string next = program(value, inputs, y);
    expr += fmt::format("{}out{}={}", k ? "; " : "", k, next);
    results.push_back(y.str());
    if (next.size() < 80 && pick(0, 1)) value = next;
  }
  return made("Pointwise", inputs, "", expr, results, 0);
}

Problem RandomProblem::integers() {
  const std::string dtype = one_of(Texts{"i32", "i64", "i32", "i8", "u8", "bool"});
  Texts inputs{tensor(static_cast<size_t>(pick(1, 4)), 2000, dtype)};
  const Type y = Type::parse(inputs[0]);
  for (int64_t k = pick(1, 3); k > 0; --k) inputs.push_back(broadcast(y));
  const auto some = [&] {
    return fmt::format("in{}", pick(0, static_cast<int64_t>(inputs.size()) - 1));
  };
  const Texts wide{"add", "sub", "max", "min"}, narrow{"max", "min"}, logic{"and", "or", "xor"};
  std::string value = "in0";
  for (int64_t steps = pick(1, 4); steps > 0; --steps)
    value = fmt::format("{}({},{})",
                        one_of(dtype == "bool"                    ? logic
                               : dtype[0] == 'i' && dtype != "i8" ? wide
                                                                  : narrow),
                        value, some());
  if (pick(0, 2) == 0)
    value = fmt::format("select({},{},{})",
                        dtype == "bool" ? some() : fmt::format("greater({},{})", some(), some()),
                        value, some());
  std::string result = y.str();
  if (dtype != "bool" && pick(0, 3) == 0) {
    value = fmt::format("{}({},{})", one_of(Texts{"equal", "less", "greaterequal"}), value, some());
    result = "bool" + result.substr(result.find('['));
  } else if (pick(0, 3) == 0) {
    value = fmt::format("cast:f32({})", value);
    result = "f32" + result.substr(result.find('['));
  }
  return made("Pointwise", inputs, "", "out0=" + value, {result}, 0);
}

}  // namespace tenfold::test
