#include "answers.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {

Answer best_of(const std::string& file, const Tensor& scores, int top, double ms) {
  Answer a{file, ms, {}, 0};
  for (int64_t k = 0; k < scores.count(); ++k) {
    a.top.emplace_back(k, scores.at(k));
    a.not_numbers += std::isnan(scores.at(k));
  }
  const size_t n = std::min<size_t>(static_cast<size_t>(std::max(top, 1)), a.top.size());
  const auto rank = [](const std::pair<int64_t, double>& x) {
    return std::tuple(std::isnan(x.second), std::isnan(x.second) ? 0 : -x.second, x.first);
  };
  std::partial_sort(a.top.begin(), a.top.begin() + static_cast<std::ptrdiff_t>(n), a.top.end(),
                    [&](const auto& x, const auto& y) { return rank(x) < rank(y); });
  a.top.resize(n);
  return a;
}

void ClassNames::of_output(const Extents& dims) {
  positions_ = width_ = 1;
  if (dims.size() != 4 || static_cast<size_t>(element_count(dims)) == labels_.size()) return;
  positions_ = dims[2] * dims[3];
  width_ = dims[3];
}

std::string ClassNames::operator[](int64_t index) const {
  const int64_t k = index / positions_, at = index % positions_;
  std::string name = k < static_cast<int64_t>(labels_.size()) ? labels_[static_cast<size_t>(k)]
                                                              : fmt::format("class {}", k);
  if (is_map()) name += fmt::format(" at ({},{})", at / width_, at % width_);
  return name;
}

void Agreement::add(const Tensor& got, const Tensor& want) {
  if (got.dims() != want.dims())
    throw Error(Code::kInternal, "answers of " + std::to_string(got.count()) +
                                     " scores are compared with " + std::to_string(want.count()));
  for (int64_t k = 0; k < got.count(); ++k) {
    const double g = got.at(k), w = want.at(k);
    const bool same = g == w || (std::isnan(g) && std::isnan(w));
    const double difference = same ? 0 : std::abs(g - w);
    largest = std::max(largest, std::isnan(difference) ? INFINITY : difference);
  }
  const auto first = [](const Tensor& t) { return best_of("", t, 1, 0).top.front().first; };
  ++compared;
  same_top += first(got) == first(want);
}

bool Agreement::is_wrong() const { return std::isinf(largest); }

nlohmann::json to_json(const std::vector<Answer>& answers, const ClassNames& names) {
  nlohmann::json results = nlohmann::json::array();
  for (const Answer& a : answers) {
    nlohmann::json top = nlohmann::json::array();
    for (const auto& [index, score] : a.top)
      top.push_back({{"index", index}, {"label", names[index]}, {"score", score}});
    results.push_back({{"file", a.file}, {"ms", a.ms}, {"top", top}});
    if (a.not_numbers > 0) results.back()["not_numbers"] = a.not_numbers;
  }
  return results;
}

void print_text(const std::vector<Answer>& answers, const ClassNames& names,
                const Agreement& agreement) {
  for (const Answer& a : answers) {
    put("{}  ({:.3f} ms)\n", a.file, a.ms);
    for (const auto& [index, score] : a.top) {
      const int bar =
          std::isnan(score) ? 0 : static_cast<int>(std::clamp(score, 0.0, 1.0) * 30 + 0.5);
      put("  {:>8.4f} {:<30} {}\n", score, std::string(static_cast<size_t>(bar), '#'),
          names[index]);
    }
  }
  std::vector<double> ms;
  for (const Answer& a : answers) ms.push_back(a.ms);
  std::nth_element(ms.begin(), ms.begin() + static_cast<std::ptrdiff_t>(ms.size() / 2), ms.end());
  put("\n{} picture{}, median {:.3f} ms each\n", answers.size(), answers.size() == 1 ? "" : "s",
      ms[ms.size() / 2]);
  if (agreement.compared)
    put("agreement with the reference kernels: same answer on {} of {}, largest difference of a "
        "score {:.2g}\n",
        agreement.same_top, agreement.compared, agreement.largest);
}

void warn(const std::vector<Answer>& answers, const Agreement& agreement) {
  for (const Answer& a : answers)
    if (a.not_numbers > 0)
      say("warning: {}: {} scores are NaN, no numbers: the weights or the preprocessing are not "
          "what the network needs\n",
          a.file, a.not_numbers);
  if (agreement.is_wrong() || agreement.same_top < agreement.compared)
    say("warning: the reference kernels answer otherwise; `tenfold check` compares the model with "
        "them\n");
}

}  // namespace tenfold::cli
