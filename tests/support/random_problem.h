// Problems of every kind of op with random sizes, many channels among them, and random
// expressions: libraries choose other kernels for them than for the sizes that people write into
// cases.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tenfold/graph.h"
#include "tenfold/problem.h"

namespace tenfold::test {

// One Problem a seed, the same each time.
class RandomProblem {
 public:
  explicit RandomProblem(uint64_t seed) : rng_(seed) {}
  Problem problem();

 private:
  using Ints = std::vector<int64_t>;
  using Texts = std::vector<std::string>;

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(rng_);
  }
  template <typename T>
  T one_of(const std::vector<T>& list) {
    return list[static_cast<size_t>(pick(0, static_cast<int64_t>(list.size()) - 1))];
  }
  Ints several(size_t count, int64_t low, int64_t high);
  int64_t channels();
  // f32[N,...] of this rank, of at most `most` elements a batch.
  std::string tensor(size_t rank, int64_t most = 4000, const std::string& dtype = "f32");
  // An operand that broadcasts to a value of this type, perhaps a constant.
  std::string broadcast(const Type& y);

  // From its parts; tuned for one of several sizes of N.
  Problem made(const std::string& op, const Texts& inputs, const std::string& attrs,
               const std::string& expr, const Texts& results, size_t anchor);
  // What follows from an op, its operands and attributes: the output's types. With an expression
  // over the result where `fused`.
  Problem of(const std::string& op, const Texts& inputs, const std::string& attrs = "",
             int outputs = 1, bool fused = false);
  // A scalar program that keeps values small and has no steps, over `value` and new operands.
  std::string program(std::string value, Texts& inputs, const Type& y);
  // The epilogue of a contraction or pooling, as networks have them: factor, bias, residual,
  // activation.
  std::string epilogue(Texts& inputs, const Type& y);

  Problem contraction(const std::string& op, Texts inputs, const std::string& attrs);
  Problem gemm();
  Problem matmul();
  Problem convolution(bool transposed);
  Problem pool();
  Problem normalization();
  Problem pointwise();
  Problem integers();
  Problem reduction();
  Problem movement();
  Problem selection();
  Problem resize();
  Problem slice();
  Problem pad();
  Problem concat(const std::string& dtype);

  std::mt19937_64 rng_;
};

}  // namespace tenfold::test
