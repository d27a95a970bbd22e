#include "src/import/caffe/weights.h"

#include <bit>

#include <fmt/format.h>

#include "src/import/caffe/wire.h"

namespace tenfold::caffe {
namespace {

Diagnostic problem(const std::string& file, int64_t offset, const std::string& layer, Code code,
                   const std::string& reason, const std::string& hint = {}) {
  return {Severity::kError, code, file, 0, offset, layer, reason, hint};
}

// Values that are NaN or infinite: all bits of their exponents are set.
int64_t count_not_finite(const Tensor& values) {
  int64_t count = 0;
  for (const float v : values.as<float>())
    count += (std::bit_cast<uint32_t>(v) & 0x7F800000U) == 0x7F800000U;
  return count;
}

}  // namespace

Weights Weights::read(std::string_view bytes, const std::string& file, Diagnostics& diagnostics) {
  Weights weights;
  weights.file_ = file;
  weights.present_ = true;
  if (bytes.substr(0, 8) == "\x89HDF\r\n\x1a\n") {
    diagnostics.add(problem(file, 0, "", Code::kUnsupported, "the weights are an HDF5 file",
                            "save them as .caffemodel (snapshot_format: BINARYPROTO)"));
    return weights;
  }
  if (bytes.substr(0, 23) == "version https://git-lfs") {
    diagnostics.add(problem(file, 0, "", Code::kInvalid,
                            "a Git LFS pointer stands in place of the weights", "git lfs pull"));
    return weights;
  }
  for (size_t at = 0; at < bytes.size();) {
    const size_t start = at;
    WireField field;
    if (!read_field(bytes, at, &field)) {
      diagnostics.add(problem(file, static_cast<int64_t>(start), "", Code::kInvalid,
                              fmt::format("the file of weights is damaged or cut off: no field of "
                                          "{} bytes' rest can be read here",
                                          bytes.size() - start),
                              "fetch the file anew; it must be a binary .caffemodel"));
      return weights;
    }
    if (field.wire == 2 && (field.number == kLayerField || field.number == kV1LayerField))
      weights.read_layer(field.number, field.bytes, static_cast<int64_t>(start), diagnostics);
  }
  if (weights.layers_.empty() && diagnostics.error_count() == 0) {
    // A network without weights needs none; of any other each layer that lacks its own is told.
    Diagnostic none = problem(
        file, 0, "", Code::kInvalid,
        bytes.empty() ? "the file of weights is empty" : "the file of weights holds no layers",
        "it must be a binary .caffemodel");
    none.severity = Severity::kWarning;
    diagnostics.add(std::move(none));
  }
  return weights;
}

void Weights::read_layer(int field, std::string_view bytes, int64_t offset,
                         Diagnostics& diagnostics) {
  std::string name;
  google::protobuf::RepeatedPtrField<BlobProto> blobs;
  bool parsed = bytes.size() <= static_cast<size_t>(INT32_MAX);
  const int size = static_cast<int>(bytes.size());
  if (parsed && field == kLayerField) {
    TrainedLayer layer;
    parsed = layer.ParsePartialFromArray(bytes.data(), size);
    name = layer.name();
    blobs.Swap(layer.mutable_blobs());
  } else if (parsed) {
    TrainedV1Layer layer;
    parsed = layer.ParsePartialFromArray(bytes.data(), size);
    const bool v0 = layer.has_layer();
    name = v0 ? layer.layer().name() : layer.name();
    blobs.Swap(layer.blobs_size() > 0 || !v0 ? layer.mutable_blobs()
                                             : layer.mutable_layer()->mutable_blobs());
  }
  if (!parsed) {
    diagnostics.add(problem(file_, offset, name, Code::kInvalid,
                            "the layer's bytes are damaged: they are no Caffe layer"));
    return;
  }
  TrainedBlobs trained;
  trained.offset = offset;
  for (int k = 0; k < blobs.size(); ++k) {
    try {
      trained.blobs.push_back(read_blob(blobs[k]));
      if (const int64_t n = count_not_finite(trained.blobs.back().value); n > 0) {
        Diagnostic d = problem(file_, offset, name, Code::kInvalid,
                               fmt::format("blob {}: {} of {} values are NaN or infinite, so the "
                                           "network's answers may be",
                                           k, n, trained.blobs.back().value.count()),
                               "the training diverged, or the file is damaged");
        d.severity = Severity::kWarning;
        diagnostics.add(std::move(d));
      }
    } catch (const Error& error) {
      diagnostics.add(
          problem(file_, offset, name, error.code(), fmt::format("blob {}: {}", k, error.what())));
      trained.blobs.emplace_back();
    }
    blobs[k].Clear();
  }
  // Caffe copies layers in the file's order: of several of one name the last with blobs counts.
  auto [it, fresh] = layers_.try_emplace(name);
  if (!fresh && trained.blobs.empty()) return;
  if (!it->second.blobs.empty()) {
    Diagnostic d = problem(file_, offset, name, Code::kInvalid,
                           "the file holds an earlier layer of this name: the last one counts");
    d.severity = Severity::kWarning;
    diagnostics.add(std::move(d));
  }
  it->second = std::move(trained);
}

void Weights::add(Weights other) {
  if (!present_) file_ = other.file_;
  present_ |= other.present_;
  for (auto& [name, trained] : other.layers_) {
    TrainedBlobs& own = layers_[name];
    if (own.blobs.empty()) own = std::move(trained);
  }
}

const TrainedBlobs* Weights::find(const std::string& layer) const {
  const auto it = layers_.find(layer);
  return it == layers_.end() ? nullptr : &it->second;
}

TrainedBlobs* Weights::use(const std::string& layer) {
  const auto it = layers_.find(layer);
  if (it == layers_.end()) return nullptr;
  it->second.used = true;
  return &it->second;
}

}  // namespace tenfold::caffe
