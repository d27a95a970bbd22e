#include "src/compile/slice_rules.h"

#include <algorithm>

namespace tenfold::select {
namespace {

bool sliceable(const Format& f) {
  return f.dense() && f.layout.pad <= 1 && f.scale == 0 && bits_of(f.dtype) % 8 == 0 &&
         (f.layout.kind == Layout::Kind::kLinear || f.layout.kind == Layout::Kind::kChannelsLast);
}

int64_t channels(const Graph& graph, ValueId v) { return graph.type(v).shape[1].value(); }

// Of a step with the whole `v` of Format `f`.
std::string cannot_lie(const Graph& graph, const Problem& p, ValueId v, const Format& f,
                       const std::vector<ValueId>& parts) {
  const Shape& dims = graph.type(v).shape;
  if (!p.expr.code.empty()) return "it computes as well";
  if (dims.size() < 2 || !dims[1].is_const()) return "axis 1 has no fixed size";
  if (dims[1].value() == 0) return "axis 1 is empty";
  if (!sliceable(f)) return "slices of " + f.str() + " are not made";
  int64_t offset = 0;
  for (ValueId part : parts) {
    const Shape& own = graph.type(part).shape;
    if (own.size() != dims.size() || !own[1].is_const())
      return "axis 1 of a part has no fixed size";
    if (!slice_aligned(f, dims, offset)) return "a part would not begin at 16 bytes";
    offset += own[1].value();
  }
  return {};
}

}  // namespace

bool slice_aligned(const Format& whole, const Shape& dims, int64_t offset) {
  constexpr int64_t kBytes = 16;
  int64_t unit = bits_of(whole.dtype) / 8;  // bytes of one step along axis 1
  if (whole.layout.kind == Layout::Kind::kLinear)
    for (size_t k = 2; k < dims.size(); ++k) {
      if (!dims[k].is_const()) return false;
      unit = unit * (dims[k].value() % kBytes) % kBytes;
    }
  const auto even = [&](int64_t count) { return count % kBytes * unit % kBytes == 0; };
  return dims.size() >= 2 && dims[1].is_const() && even(dims[1].value()) && even(offset);
}

std::string cannot_join(const Graph& graph, const Group& group) {
  const Candidate& now = group.chosen();
  const Lowered& l = group.offer->lowered;
  if (now.problem.attrs.i("axis", 0) != 1) return "it joins along another axis than 1";
  if (graph.is_output(l.outputs.front())) return "the whole is an output of the network";
  return cannot_lie(graph, now.problem, l.outputs.front(), now.formats.outputs.front(), l.inputs);
}

std::string cannot_split(const Graph& graph, const Group& group,
                         const std::map<ValueId, Slice>& slices) {
  const Problem& p = group.chosen().problem;
  const Lowered& l = group.offer->lowered;
  const ValueId whole = l.inputs.front();
  if (p.op == "Split" && p.attrs.i("axis", 0) != 1) return "it splits along another axis than 1";
  if (p.op == "Slice" && (p.attrs.ints("axes") != std::vector<int64_t>{1} ||
                          (p.attrs.has("steps") && p.attrs.ints("steps").front() != 1)))
    return "it takes other parts than a range of axis 1";
  if (graph.value(whole).constant.valid()) return "the whole is a constant";
  for (ValueId part : l.outputs) {
    if (graph.is_output(part)) return "a part is an output of the network";
    if (slices.count(part)) return "a part lies in another buffer already";
  }
  const Format& f = group.chosen().formats.inputs.front();
  if (p.op == "Split") return cannot_lie(graph, p, whole, f, l.outputs);
  if (std::string why = cannot_lie(graph, p, whole, f, {}); !why.empty()) return why;
  return slice_aligned(f, graph.type(whole).shape, first_channel(graph, group, 0))
             ? ""
             : "it would not begin at 16 bytes";
}

int64_t first_channel(const Graph& graph, const Group& group, size_t k) {
  const Problem& p = group.chosen().problem;
  const Lowered& l = group.offer->lowered;
  const int64_t whole = channels(graph, l.inputs.front());
  if (p.op == "Slice") {
    const int64_t start = p.attrs.ints("starts").front();
    return std::clamp<int64_t>(start < 0 ? start + whole : start, 0, whole);
  }
  int64_t at = 0;
  for (size_t j = 0; j < k; ++j) at += channels(graph, l.outputs[j]);
  return at;
}

}  // namespace tenfold::select
