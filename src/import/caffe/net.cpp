#include "src/import/caffe/net.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "src/import/caffe/attempt.h"

namespace tenfold::caffe {
namespace {

// Shapes of the inputs that live layers read, as far as they are known: the attempt reports others.
std::vector<Extents> known_shapes(const NetFile& net, const Topology& topology,
                                  const Weights& weights, const NetOptions& options) {
  std::vector<Extents> shapes;
  for (int k = 0; k < net.net.layer_size(); ++k) {
    const LayerLinks& links = topology.layers[static_cast<size_t>(k)];
    if (!links.is(LayerKind::kData)) continue;
    for (int t = 0; t < net.net.layer(k).top_size(); ++t) {
      if (!links.wanted[static_cast<size_t>(t)]) continue;
      try {
        shapes.push_back(resolve_data_shape(net, topology, weights, options.hint, {k, t}));
      } catch (const Error&) {
      }
    }
  }
  return shapes;
}

Diagnostics dry_run(const AttemptSetup& setup) {
  Diagnostics diagnostics;
  GraphBuilder builder("dry");
  if (setup.open_batch) builder.symbol({"N", 1, setup.options.batch_max, 1});
  Attempt(builder, setup, diagnostics).run();
  return diagnostics;
}

std::vector<Code> kinds_of(const Diagnostics& diagnostics) {
  std::vector<Code> kinds;
  for (const Diagnostic& d : diagnostics.all())
    if (d.severity == Severity::kError) kinds.push_back(d.code);
  return kinds;
}

// The first error about a layer of which `others` have none.
const Diagnostic* first_alone(const Diagnostics& errors, const Diagnostics& others) {
  const auto about = [](const Diagnostic& d) { return d.layer.empty() ? d.str() : d.layer; };
  std::set<std::string> known;
  for (const Diagnostic& d : others.all())
    if (d.severity == Severity::kError) known.insert(about(d));
  for (const Diagnostic& d : errors.all())
    if (d.severity == Severity::kError && !known.count(about(d))) return &d;
  return nullptr;
}

// Whether dim 0 of the inputs may be the symbol N; if not, says why in a note.
bool batch_stays_open(const AttemptSetup& setup, Diagnostics& diagnostics) {
  std::vector<int64_t> batches;
  for (const Extents& dims : known_shapes(setup.net, setup.topology, setup.weights, setup.options))
    batches.push_back(dims.empty() ? -1 : dims[0]);
  if (batches.empty()) return false;
  auto fixed = [&](const std::string& reason, const Diagnostic& place) {
    diagnostics.add({Severity::kNote, Code::kOk, setup.net.file, place.line, place.offset,
                     place.layer, fmt::format("the batch size stays {}: {}", batches[0], reason),
                     ""});
    return false;
  };
  for (const int64_t batch : batches) {
    if (batch < 0) return fixed("an input has no axes", {});
    if (batch != batches[0])
      return fixed(fmt::format("another input's first dimension is {}", batch), {});
  }
  AttemptSetup open = setup, literal = setup;
  open.open_batch = open.dry = literal.dry = true;
  literal.open_batch = false;
  const Diagnostics with_symbol = dry_run(open);
  if (with_symbol.error_count() == 0 || batches[0] == 0) return true;
  const Diagnostics with_number = dry_run(literal);
  if (const Diagnostic* why = first_alone(with_symbol, with_number))
    return fixed(why->reason, *why);
  // Every layer in error is so whatever the batch size. Where a number finds more, it is told.
  return kinds_of(with_symbol) == kinds_of(with_number);
}

// Shapes that the user states must belong to inputs.
void check_stated(const NetFile& net, const Topology& topology, const ImageHint& hint,
                  Diagnostics& diagnostics) {
  if (!hint.stated || hint.stated->empty()) return;
  std::vector<std::string> inputs;
  for (int k = 0; k < net.net.layer_size(); ++k)
    if (topology.layers[static_cast<size_t>(k)].is(LayerKind::kData))
      inputs.insert(inputs.end(), net.net.layer(k).top().begin(), net.net.layer(k).top().end());
  for (const auto& [name, dims] : *hint.stated) {
    if (std::find(inputs.begin(), inputs.end(), name) != inputs.end()) continue;
    const std::string near = nearest_name(name, inputs);
    diagnostics.add({Severity::kError, Code::kNotFound, net.file, 0, -1, "",
                     fmt::format("a shape is given for '{}', which is no input", name),
                     (near.empty() ? "" : "did you mean '" + near + "'? ") +
                         (inputs.empty() ? "the network has no inputs"
                                         : fmt::format("inputs: {}", fmt::join(inputs, ", ")))});
  }
}

}  // namespace

NetResult import_net(GraphBuilder& builder, const NetFile& net, Weights& weights,
                     const NetOptions& options, Diagnostics& diagnostics) {
  const Topology topology = link(net, options.outputs, options.hooks, diagnostics);
  check_stated(net, topology, options.hint, diagnostics);
  AttemptSetup setup{net, topology, weights, options};
  setup.open_batch = batch_stays_open(setup, diagnostics);
  if (setup.open_batch) builder.symbol({"N", 1, options.batch_max, 1});
  return Attempt(builder, setup, diagnostics).run();
}

std::set<std::string> inputs_read(const NetFile& net, const NetOptions& options) {
  Diagnostics ignored;
  const Topology topology = link(net, options.outputs, nullptr, ignored);
  std::set<std::string> names;
  for (int k = 0; k < net.net.layer_size(); ++k) {
    const LayerLinks& links = topology.layers[static_cast<size_t>(k)];
    if (!links.is(LayerKind::kData)) continue;
    for (size_t t = 0; t < links.tops.size() && t < links.wanted.size(); ++t)
      if (links.wanted[t]) names.insert(links.tops[t]);
  }
  return names;
}

Extents picture_dims(const NetFile& net, const Weights& weights, const NetOptions& options) {
  Diagnostics ignored;
  const Topology topology = link(net, options.outputs, nullptr, ignored);
  for (Extents& dims : known_shapes(net, topology, weights, options))
    if (dims.size() == 4) return dims;
  return {};
}

}  // namespace tenfold::caffe
