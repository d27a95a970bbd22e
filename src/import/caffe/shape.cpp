// Layers that change shapes only, and Dropout, which at inference changes nothing.
#include <algorithm>

#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Dropout) {
  c.expect(1, 1, 1, 1);
  c.top(c.add("Dropout", {c.bottom()}));
}

CAFFE_LAYER_IMPORT(Flatten) {
  c.expect(1, 1, 1, 1);
  const FlattenParameter& p = c.layer().flatten_param();
  const Shape dims = c.shape();
  const int64_t first = LayerContext::axis(p.axis(), dims.size());
  const int64_t last = LayerContext::axis(p.end_axis(), dims.size());
  if (last < first)
    LayerContext::invalid(fmt::format("end_axis {} lies before axis {}", last, first));
  if (first == 1 && last + 1 == static_cast<int64_t>(dims.size())) {
    c.top(c.add("Flatten", {c.bottom()}, {{"axis", first}}));
    return;
  }
  Shape flat(dims.begin(), dims.begin() + first);
  flat.push_back(element_count(Shape(dims.begin() + first, dims.begin() + last + 1)));
  flat.insert(flat.end(), dims.begin() + last + 1, dims.end());
  c.top(c.reshape(c.bottom(), flat));
}

// Axes [axis, axis + num_axes) become the stated shape: 0 copies the axis at that place, -1 takes
// what is left.
CAFFE_LAYER_IMPORT(Reshape) {
  c.expect(1, 1, 1, 1);
  const ReshapeParameter& p = c.layer().reshape_param();
  const Shape dims = c.shape();
  const auto rank = static_cast<int64_t>(dims.size());
  const int64_t first = p.axis() >= 0 ? p.axis() : p.axis() + rank + 1;
  if (first < 0 || first > rank)
    LayerContext::invalid(
        fmt::format("axis {} does not exist in a blob of {} axes", p.axis(), rank));
  if (p.num_axes() < -1) LayerContext::invalid("num_axes must be -1 or more");
  const int64_t end = p.num_axes() == -1 ? rank : first + p.num_axes();
  if (end > rank) LayerContext::invalid("axis + num_axes exceeds the axes of the bottom");
  Shape to(dims.begin(), dims.begin() + first);
  Dim known(1);
  int64_t inferred = -1;
  for (int k = 0; k < p.shape().dim_size(); ++k) {
    const int64_t d = p.shape().dim(k);
    if (d < -1) LayerContext::invalid(fmt::format("dimension {}", d));
    if (d == -1) {
      if (inferred >= 0) LayerContext::invalid("two dimensions are -1");
      inferred = static_cast<int64_t>(to.size());
      to.emplace_back(1);
      continue;
    }
    if (d == 0 && first + k >= end)
      LayerContext::invalid(fmt::format("dimension {} copies an axis that the bottom lacks", k));
    to.push_back(d == 0 ? dims[static_cast<size_t>(first + k)] : Dim(d));
    known = known * to.back();
  }
  to.insert(to.end(), dims.begin() + end, dims.end());
  const Dim total = element_count(dims), stated = element_count(to);
  if (inferred >= 0) {
    if (stated == Dim(0)) LayerContext::invalid("-1 beside an axis of size 0");
    Dim& missing = to[static_cast<size_t>(inferred)];
    missing = floor_div(total, stated);
  }
  if (!total.is_const() && !to.empty() && to[0].is_const())
    LayerContext::unsupported(
        fmt::format("shape [{}] states the batch size: the bottom has [{}]", str(to), str(dims)));
  if (element_count(to) != total) {
    if (!element_count(to).is_const() || !total.is_const())
      LayerContext::unsupported(fmt::format(
          "shape [{}] bakes the batch size in: the bottom has [{}]", str(to), str(dims)));
    LayerContext::invalid(fmt::format("[{}] cannot be reshaped to [{}]", str(dims), str(to)));
  }
  c.top(c.reshape(c.bottom(), to));
}

// Axes in the stated order, those left out behind.
CAFFE_LAYER_IMPORT(Permute) {
  c.expect(1, 1, 1, 1);
  std::vector<int64_t> perm;
  const auto rank = static_cast<int64_t>(c.rank());
  for (const int64_t axis : c.layer().permute_param().order()) {
    if (axis >= rank || std::find(perm.begin(), perm.end(), axis) != perm.end())
      LayerContext::invalid(
          fmt::format("order names axis {} twice or beyond the {} axes", axis, rank));
    perm.push_back(axis);
  }
  for (int64_t axis = 0; axis < rank; ++axis)
    if (std::find(perm.begin(), perm.end(), axis) == perm.end()) perm.push_back(axis);
  c.top(c.transpose(c.bottom(), perm));
}

// Axes from `axis` on are cut to the second bottom's sizes, at one offset or one for each.
CAFFE_LAYER_IMPORT(Crop) {
  c.expect(2, 2, 1, 1);
  const CropParameter& p = c.layer().crop_param();
  const size_t rank = c.rank();
  if (c.rank(1) != rank) LayerContext::invalid("the bottoms differ in their number of axes");
  const int64_t first = LayerContext::axis(p.axis(), rank);
  const int64_t axes = static_cast<int64_t>(rank) - first;
  if (p.offset_size() > 1 && p.offset_size() != axes)
    LayerContext::invalid(fmt::format("{} offsets for {} axes", p.offset_size(), axes));
  std::vector<int64_t> starts, ends, which;
  for (int64_t k = first; k < static_cast<int64_t>(rank); ++k) {
    const int64_t has = c.extent(0, k), wants = c.extent(1, k);
    const int index = p.offset_size() > 1 ? static_cast<int>(k - first) : 0;
    const int64_t offset = p.offset_size() == 0 ? 0 : p.offset(index);
    if (offset > has || wants > has - offset)
      LayerContext::invalid(
          fmt::format("axis {}: offset {} and size {} exceed {}", k, offset, wants, has));
    starts.push_back(offset);
    ends.push_back(offset + wants);
    which.push_back(k);
  }
  c.top(c.add("Slice", {c.bottom()},
              {{"starts", starts},
               {"ends", ends},
               {"axes", which},
               {"steps", std::vector<int64_t>(which.size(), 1)}}));
}

// A trained blob that is a value of its own.
CAFFE_LAYER_IMPORT(Parameter) {
  c.expect(0, 0, 1, 1);
  const BlobShape& shape = c.layer().parameter_param().shape();
  const Tensor value = c.blob(0, {shape.dim().begin(), shape.dim().end()}, Fill::kWeight);
  c.top(c.add("Identity", {c.constant("value", value)}));
}

}  // namespace tenfold::caffe
