// What pictures show: the best classes of an output's scores, beside the reference kernels'
// answers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tenfold/plan.h"
#include "tenfold/tensor.h"

namespace tenfold::cli {

struct Answer {
  std::string file;
  double ms = 0;
  std::vector<std::pair<int64_t, double>> top;
  int64_t not_numbers = 0;  // scores that are NaN
};

// The `top` best of the scores; those that are no numbers come last.
Answer best_of(const std::string& file, const Tensor& scores, int top, double ms);

// What the scores of an output stand for. Beside [1,C] and [1,C,1,1] there are maps [1,C,H,W], of
// one score a class and position.
class ClassNames {
 public:
  explicit ClassNames(const Plan& plan) : labels_(plan.labels) {}
  void of_output(const Extents& dims);
  bool is_map() const { return positions_ > 1; }
  std::string operator[](int64_t index) const;

 private:
  const std::vector<std::string>& labels_;
  int64_t positions_ = 1, width_ = 1;
};

// How far answers are from the reference kernels'.
struct Agreement {
  double largest = 0;  // difference of two scores; infinite where only one is a number
  int compared = 0;    // pictures
  int same_top = 0;    // of them have the same best class

  void add(const Tensor& got, const Tensor& want);
  // No rounding explains it.
  bool is_wrong() const;
};

nlohmann::json to_json(const std::vector<Answer>& answers, const ClassNames& names);
void print_text(const std::vector<Answer>& answers, const ClassNames& names,
                const Agreement& agreement);
// Says what is suspicious about them.
void warn(const std::vector<Answer>& answers, const Agreement& agreement);

}  // namespace tenfold::cli
