// Checks of inner graphs that If and Loop share.
#include <algorithm>

#include "src/op/common.h"

namespace tenfold::ops {

void need_one(const Type& t, DType dtype, std::string_view what) {
  const bool one = t.shape.empty() || (t.shape.size() == 1 && t.shape[0] == Dim(1));
  if (t.kind != ValueKind::kTensor || t.dtype != dtype || !one)
    fail(cat({what, " must be one ", to_string(dtype), ", it is ", t.str()}));
}

std::vector<Type> infer_body(const Graph& body, const std::vector<Type>& given) {
  const std::string name = "body '" + body.name() + "'";
  if (body.inputs().size() != given.size())
    fail(cat({name, " has ", std::to_string(body.inputs().size()), " inputs, it is given ",
              std::to_string(given.size())}));
  std::vector<std::string> known;
  for (size_t k = 0; k < given.size(); ++k) {
    const Type& wants = body.type(body.inputs()[k]);
    if (!(wants == given[k]))
      fail(cat({name, ", input '", body.value(body.inputs()[k]).name, "' is ", wants.str(),
                ", it is given ", given[k].str()}));
    for (const Dim& d : wants.shape) d.collect_symbols(known);
  }
  std::vector<Type> types;
  for (const GraphOutput& o : body.outputs()) {
    types.push_back(body.type(o.value));
    std::vector<std::string> used;
    for (const Dim& d : types.back().shape) d.collect_symbols(used);
    for (const std::string& symbol : used)
      if (std::find(known.begin(), known.end(), symbol) == known.end())
        fail(cat({name, ": output '", o.name, "' has size ", symbol,
                  ", which is not known outside of it"}));
  }
  return types;
}

}  // namespace tenfold::ops
