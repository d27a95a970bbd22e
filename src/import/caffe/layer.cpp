#include "src/import/caffe/layer.h"

#include <fmt/format.h>

namespace tenfold::caffe {

LayerContext::LayerContext(const LayerParameter& layer, std::vector<ValueId> bottoms,
                           GraphBuilder& builder, BlobSource& blobs, std::string node_name)
    : layer_(layer),
      bottoms_(std::move(bottoms)),
      builder_(builder),
      blobs_(blobs),
      name_(std::move(node_name)) {}

void LayerContext::invalid(const std::string& reason, const std::string& hint) {
  throw Error(Code::kInvalid, reason,
              hint.empty() ? std::vector<std::string>{} : std::vector{hint});
}

void LayerContext::unsupported(const std::string& reason, const std::string& hint) {
  throw Error(Code::kUnsupported, reason,
              hint.empty() ? std::vector<std::string>{} : std::vector{hint});
}

ValueId LayerContext::bottom(size_t k) const {
  if (k >= bottoms_.size())
    invalid(fmt::format("the layer needs {} bottoms and has {}", k + 1, bottoms_.size()));
  if (!bottoms_[k].valid()) throw UnknownBottom{};
  return bottoms_[k];
}

const Shape& LayerContext::shape(size_t k) const { return builder_.type(bottom(k)).shape; }

const Shape& LayerContext::shape_of(ValueId value) const { return builder_.type(value).shape; }

int64_t LayerContext::number(const Dim& dim, std::string_view what) {
  if (!dim.is_const())
    unsupported(fmt::format("{} would depend on the batch size ({})", what, dim.str()));
  return dim.value();
}

int64_t LayerContext::extent(size_t k, int64_t axis) const {
  const Shape& dims = shape(k);
  if (axis < 0 || axis >= static_cast<int64_t>(dims.size()))
    invalid(fmt::format("bottom {} has no axis {}: its shape is [{}]", k, axis, str(dims)));
  return number(dims[static_cast<size_t>(axis)], fmt::format("axis {} of bottom {}", axis, k));
}

int64_t LayerContext::axis(int64_t axis, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis >= count)
    invalid(fmt::format("axis {} does not exist in a blob of {} axes", axis, count));
  return axis < 0 ? axis + count : axis;
}

void LayerContext::expect(int least_bottoms, int most_bottoms, int least_tops,
                          int most_tops) const {
  auto check = [](int has, int least, int most, const char* what) {
    if (has >= least && has <= most) return;
    const std::string want = least == most       ? fmt::format("{}", least)
                             : most == INT32_MAX ? fmt::format("{} or more", least)
                                                 : fmt::format("{} to {}", least, most);
    invalid(fmt::format("the layer has {} {}, its type takes {}", has, what, want));
  };
  check(static_cast<int>(bottoms_.size()), least_bottoms, most_bottoms, "bottoms");
  check(layer_.top_size(), least_tops, most_tops, "tops");
}

ValueId LayerContext::add(const std::string& op, std::vector<ValueId> inputs, Attrs attrs,
                          const std::string& suffix) {
  const std::string name = suffix.empty() ? name_ : name_ + "." + suffix;
  return builder_.node(op, std::move(inputs), std::move(attrs), name, sources());
}

std::vector<ValueId> LayerContext::add_multi(const std::string& op, std::vector<ValueId> inputs,
                                             int outputs, Attrs attrs, const std::string& suffix) {
  const std::string name = suffix.empty() ? name_ : name_ + "." + suffix;
  return builder_.nodes(op, std::move(inputs), outputs, std::move(attrs), name, sources());
}

ValueId LayerContext::constant(const std::string& suffix, Tensor value) {
  return builder_.constant(name_ + "." + suffix, std::move(value));
}

ValueId LayerContext::scalar(const std::string& suffix, double value) {
  return constant(suffix, Tensor::scalar(DType::kF32, value));
}

ValueId LayerContext::reshape(ValueId value, const Shape& dims, const std::string& suffix) {
  const Shape& from = shape_of(value);
  std::vector<int64_t> numbers;
  int symbolic = 0;
  for (size_t k = 0; k < dims.size(); ++k) {
    if (k < from.size() && dims[k] == from[k]) {
      numbers.push_back(0);
    } else if (dims[k].is_const()) {
      numbers.push_back(dims[k].value());
    } else {
      numbers.push_back(-1);
      ++symbolic;
    }
  }
  if (symbolic <= 1) return add("Reshape", {value}, {{"shape", numbers}}, suffix);
  std::vector<std::string> texts;
  for (const Dim& dim : dims) texts.push_back(dim.str());
  return add("Reshape", {value}, {{"dims", texts}}, suffix);
}

ValueId LayerContext::transpose(ValueId value, std::vector<int64_t> perm,
                                const std::string& suffix) {
  return add("Transpose", {value}, {{"perm", std::move(perm)}}, suffix);
}

Tensor LayerContext::blob(int index, const Extents& dims, Fill fill, int64_t fan_in) {
  blobs_used_ = std::max(blobs_used_, index + 1);
  return blobs_.take(index, dims, fill, fan_in);
}

std::vector<int64_t> spatial(const SpatialParam& param, size_t axes, int64_t fallback,
                             const std::string& name) {
  const auto in_range = [&](int64_t n) {
    if (n < 0 || n > INT32_MAX) LayerContext::invalid(fmt::format("{}: {}", name, n));
  };
  for (const int64_t n : param.values) in_range(n);
  if (param.has_h) in_range(param.h);
  if (param.has_w) in_range(param.w);
  if (param.has_h || param.has_w) {
    if (axes != 2) LayerContext::invalid(name + "_h and " + name + "_w are for two spatial axes");
    if (!param.values.empty())
      LayerContext::invalid("the layer states " + name + " and " + name + "_h or _w");
    return {param.has_h ? param.h : fallback, param.has_w ? param.w : fallback};
  }
  if (param.values.empty()) return std::vector<int64_t>(axes, fallback);
  if (param.values.size() == 1) return std::vector<int64_t>(axes, param.values[0]);
  if (param.values.size() != axes)
    LayerContext::invalid(
        fmt::format("{} has {} numbers for {} spatial axes", name, param.values.size(), axes));
  return param.values;
}

}  // namespace tenfold::caffe
