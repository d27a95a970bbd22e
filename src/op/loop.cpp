#include <algorithm>

#include "src/op/common.h"

namespace tenfold::ops {

namespace {

bool is_true(const Tensor* value) { return value && value->count() == 1 && value->at(0) != 0; }

// Whether nothing but the trip limit ends the loop.
bool runs_all_trips(const InferContext& c) {
  const Graph& body = *c.graphs[0];
  const ValueId goes_on = body.outputs().front().value;
  const Constant* constant = body.constant_of(goes_on);
  const bool starts = !present(c, 1) || is_true(c.constants[1]);
  return starts && (goes_on == body.inputs()[1] || (constant && is_true(&constant->source)));
}

// The trip limit where it is a constant; -1: it is not.
int64_t constant_trips(const InferContext& c) {
  if (!present(c, 0) || !c.constants[0] || c.constants[0]->count() != 1) return -1;
  if (c.constants[0]->dtype() != DType::kI64) return -1;
  return std::max<int64_t>(c.constants[0]->as<int64_t>()[0], 0);
}

// The extent of the outputs that gather a result of each iteration.
Dim gathered(const InferContext& c) {
  const int64_t trips = constant_trips(c);
  if (trips < 0)
    fail("what is gathered over the iterations needs a constant trip limit, which bounds it");
  if (c.attrs.has("count")) return Dim::symbol(c.attrs.s("count", ""));
  if (!runs_all_trips(c))
    fail("attribute 'count' must name the number of iterations, which only a run knows");
  return trips;
}

std::vector<Type> infer(const InferContext& c) {
  if (present(c, 0)) need_one(c.inputs[0], DType::kI64, "the trip limit");
  if (present(c, 1)) need_one(c.inputs[1], DType::kBool, "the condition");
  const size_t values = c.inputs.size() > 2 ? c.inputs.size() - 2 : 0;
  const int64_t carried = c.attrs.i("carried", 0);
  if (carried < 0 || carried > c.outputs || static_cast<size_t>(carried) > values)
    fail("attribute 'carried' is out of range");
  std::vector<Type> given{tensor(DType::kI64, {}), tensor(DType::kBool, {})};
  for (size_t k = 2; k < c.inputs.size(); ++k) {
    if (!present(c, k)) fail("a value given to the body is missing");
    given.push_back(c.inputs[k]);
  }
  const std::vector<Type> made = infer_body(*c.graphs[0], given);
  if (made.size() != static_cast<size_t>(c.outputs) + 1)
    fail(cat({"the body has ", std::to_string(made.size()), " outputs, it needs ",
              std::to_string(c.outputs + 1)}));
  need_one(made[0], DType::kBool, "the body's condition");
  std::vector<Type> types(made.begin() + 1, made.end());
  for (size_t k = 0; k < types.size(); ++k) {
    if (k >= static_cast<size_t>(carried)) {
      types[k].shape.insert(types[k].shape.begin(), gathered(c));
    } else if (!(types[k] == given[k + 2])) {
      fail(cat({"carried value ", std::to_string(k), " is ", given[k + 2].str(), " and becomes ",
                types[k].str()}));
    }
  }
  return types;
}

std::vector<Op::Count> counts(const InferContext& c) {
  if (!c.attrs.has("count")) return {};
  return {{c.attrs.s("count", ""), Dim(std::max<int64_t>(constant_trips(c), 0)), -1}};
}

}  // namespace

Op op_Loop() {
  Op def;
  def.name = "Loop";
  def.doc =
      "The body, over and over, while the condition (one bool) is true and fewer than `trips` (one "
      "i64) iterations have run; either may be absent. The body takes the iteration's number "
      "(i64[]), the condition (bool[]), `carried` values, which begin as the inputs and go on as "
      "its outputs, and captured ones; it gives the next condition, the next carried values and "
      "values that are gathered along a new first axis, as long as the loop runs: `count` names "
      "that size where the condition may end the loop. Outputs: the carried values as they were "
      "left, then the gathered ones.";
  def.inputs = {{"trips", true}, {"condition", true}, {"values", true, true}};
  def.outputs = {{"outputs", false, true}};
  def.attrs = {{"carried", "i", true}, {"count", "s"}};
  def.graphs = 1;
  def.infer = infer;
  def.counts = counts;
  return def;
}

}  // namespace tenfold::ops
