// Layers that map every element on its own, and LRN.
#include "layers.h"

namespace tenfold::trt {
namespace {

size_t channel_axis(size_t rank) { return rank >= 3 ? rank - 3 : 0; }

}  // namespace

void ActivationLayer::emit(Emitter& e) {
  using T = nvinfer1::ActivationType;
  const Emitted in = e.input(*this, 0);
  const ValueId x = in.value;
  const double a = alpha, b = beta;
  auto scaled = [&](ValueId v, double factor, const char* suffix) {
    return factor == 1 ? v
                       : e.node(*this, "Mul", {v, e.scalar(*this, suffix, factor)}, {},
                                std::string(suffix) + "_mul");
  };
  ValueId y;
  switch (kind) {
    case T::kRELU: y = e.node(*this, "Relu", {x}); break;
    case T::kSIGMOID: y = e.node(*this, "Sigmoid", {x}); break;
    case T::kTANH: y = e.node(*this, "Tanh", {x}); break;
    case T::kLEAKY_RELU: y = e.node(*this, "LeakyRelu", {x}, {{"alpha", a}}); break;
    case T::kELU: y = e.node(*this, "Elu", {x}, {{"alpha", a}}); break;
    case T::kSELU: y = scaled(e.node(*this, "Elu", {x}, {{"alpha", a}}, "elu"), b, "beta"); break;
    case T::kSOFTSIGN: {
      const ValueId size = e.node(*this, "Abs", {x}, {}, "abs");
      const ValueId below = e.node(*this, "Add", {size, e.scalar(*this, "one", 1)}, {}, "below");
      y = e.node(*this, "Div", {x, below});
      break;
    }
    case T::kSOFTPLUS:
      y = scaled(e.node(*this, "Softplus", {scaled(x, b, "beta")}), a, "alpha");
      break;
    case T::kCLIP: y = e.node(*this, "Clip", {x}, {{"min", a}, {"max", b}}); break;
    case T::kHARD_SIGMOID:
      y = e.node(*this, "HardSigmoid", {x}, {{"alpha", a}, {"beta", b}});
      break;
    case T::kSCALED_TANH:
      y = scaled(e.node(*this, "Tanh", {scaled(x, b, "beta")}), a, "alpha");
      break;
    case T::kTHRESHOLDED_RELU: {
      const ValueId above = e.node(*this, "Greater", {x, e.scalar(*this, "alpha", a)}, {}, "above");
      y = e.node(*this, "Where", {above, x, e.scalar(*this, "zero", 0)});
      break;
    }
    default:
      throw Error(Code::kUnsupported,
                  "unknown activation " + std::to_string(static_cast<int>(kind)));
  }
  e.output_like(in, *this, y);
}

void ScaleLayer::emit(Emitter& e) {
  using nvinfer1::ScaleMode;
  const Emitted in = e.input(*this, 0);
  Extents dims;  // of the weights, as they meet the value
  if (mode == ScaleMode::kCHANNEL && in.compact) {
    dims = {in.dims[0]};
  } else if (mode == ScaleMode::kCHANNEL) {
    if (in.dims.empty()) throw Error(Code::kInvalid, "the input has no channels");
    const size_t axis = channel_axis(in.dims.size());
    dims.assign(in.dims.size() - axis, 1);
    dims[0] = in.dims[axis];
  } else if (mode == ScaleMode::kELEMENTWISE) {
    dims = in.compact ? Extents{in.dims[0]} : in.dims;
  }
  ValueId y = in.value;
  auto step = [&](const char* op, const WeightSlot& slot, const char* what, bool last) {
    if (slot.empty()) return;
    const ValueId c = e.constant(*this, what, slot.tensor(dims, what));
    y = e.node(*this, op, {y, c}, {}, last ? "" : std::string(what) + "d");
  };
  step("Mul", scale, "scale", shift.empty() && power.empty());
  step("Add", shift, "shift", power.empty());
  step("Pow", power, "power", true);
  if (y == in.value) y = e.node(*this, "Identity", {y});
  e.output_like(in, *this, y);
}

void ElementWiseLayer::emit(Emitter& e) {
  using O = nvinfer1::ElementWiseOperation;
  const Emitted a = e.input(*this, 0), b = e.input(*this, 1);
  if (a.dims.size() != b.dims.size())
    throw Error(Code::kInvalid, "inputs of dimensions " + text_of(to_dims(a.dims)) + " and " +
                                    text_of(to_dims(b.dims)));
  const char* op = nullptr;
  switch (operation) {
    case O::kSUM: op = "Add"; break;
    case O::kPROD: op = "Mul"; break;
    case O::kMAX: op = "Max"; break;
    case O::kMIN: op = "Min"; break;
    case O::kSUB: op = "Sub"; break;
    case O::kDIV: op = "Div"; break;
    case O::kPOW: op = "Pow"; break;
  }
  if (!op) throw Error(Code::kUnsupported, "unknown operation");
  const bool batched = a.batched || b.batched;
  if (a.compact && b.compact)
    e.output_compact(*this, 0, e.node(*this, op, {a.value, b.value}), batched);
  else
    e.output(*this, 0, e.node(*this, op, {e.full(a), e.full(b)}), batched);
}

void LRNLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const Attrs attrs = {{"size", int64_t{size}},
                       {"alpha", static_cast<double>(alpha)},
                       {"beta", static_cast<double>(beta)},
                       {"bias", static_cast<double>(k)}};
  Emitter::image_dims(in);  // or an error
  e.of_images(*this, in, e.node(*this, "LRN", {e.images(*this, in)}, attrs, e.image_suffix(in)));
}

void IdentityLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  e.output_like(in, *this, e.node(*this, "Identity", {in.value}));
}

}  // namespace tenfold::trt
