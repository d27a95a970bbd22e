// Inner products, softmax, reductions.
#include "layers.h"

namespace tenfold::trt {
namespace {

// Dimensions (batch not counted) whose bits are set.
std::vector<int64_t> axes_of(uint32_t bits, size_t rank) {
  std::vector<int64_t> axes;
  for (size_t k = 0; k < 32; ++k) {
    if (!((bits >> k) & 1u)) continue;
    if (k >= rank)
      throw Error(Code::kInvalid,
                  "axis " + std::to_string(k) + " of " + std::to_string(rank) + " dimensions");
    axes.push_back(static_cast<int64_t>(k));
  }
  if (axes.empty()) throw Error(Code::kInvalid, "no axis is given");
  return axes;
}

size_t default_axis(size_t rank) { return rank >= 3 ? rank - 3 : 0; }

}  // namespace

void FullyConnectedLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  if (channels <= 0) throw Error(Code::kInvalid, "the number of outputs must be positive");
  const bool many = in.dims.size() > 3;  // a row for each image of an item
  const int64_t inputs_count = element_count(many ? Emitter::image_dims(in) : in.dims);
  const std::vector<int64_t> rows = {-1, inputs_count};
  std::vector<ValueId> operands = {
      many ? e.node(*this, "Reshape", {e.full(in)}, {{"shape", rows}}, "items") : e.matrix(in),
      e.constant(*this, "weight", kernel.tensor({channels, inputs_count}, "kernel weights"))};
  if (!bias.empty())
    operands.push_back(e.constant(*this, "bias", bias.tensor({channels}, "bias weights")));
  const ValueId y =
      e.node(*this, "Gemm", std::move(operands), {{"transB", int64_t{1}}}, e.image_suffix(in));
  if (many) return e.of_images(*this, in, y);
  e.output_compact(*this, 0, y, in.batched);
}

void MatrixMultiplyLayer::setOperation(int index, nvinfer1::MatrixOperation op) {
  if (index != 0 && index != 1) return network.log.error("setOperation: index is 0 or 1");
  ops[index] = op;
  changed();
}
nvinfer1::MatrixOperation MatrixMultiplyLayer::getOperation(int index) const {
  return index == 0 || index == 1 ? ops[index] : nvinfer1::MatrixOperation::kNONE;
}
void MatrixMultiplyLayer::setTranspose(int index, bool value) {
  setOperation(index,
               value ? nvinfer1::MatrixOperation::kTRANSPOSE : nvinfer1::MatrixOperation::kNONE);
}
bool MatrixMultiplyLayer::getTranspose(int index) const {
  return getOperation(index) == nvinfer1::MatrixOperation::kTRANSPOSE;
}

// The operand as a matrix: a vector stands as a row (0) or a column (1).
ValueId MatrixMultiplyLayer::operand(Emitter& e, int index) {
  using nvinfer1::MatrixOperation;
  const Emitted in = e.input(*this, static_cast<size_t>(index));
  const ValueId x = e.full(in);
  const size_t rank = in.dims.size() + 1;
  const std::string which = std::to_string(index);
  if (ops[index] == MatrixOperation::kVECTOR) {
    const int64_t axis = static_cast<int64_t>(index == 0 ? rank - 1 : rank);
    return e.node(*this, "Unsqueeze", {x}, {{"axes", std::vector<int64_t>{axis}}},
                  "vector" + which);
  }
  if (in.dims.size() < 2) throw Error(Code::kInvalid, "a matrix needs two dimensions");
  if (ops[index] == MatrixOperation::kNONE) return x;
  std::vector<int64_t> perm(rank);
  for (size_t k = 0; k < rank; ++k) perm[k] = static_cast<int64_t>(k);
  std::swap(perm[rank - 1], perm[rank - 2]);
  return e.node(*this, "Transpose", {x}, {{"perm", perm}}, "transposed" + which);
}

void MatrixMultiplyLayer::emit(Emitter& e) {
  using nvinfer1::MatrixOperation;
  const bool batched = e.input(*this, 0).batched || e.input(*this, 1).batched;
  const ValueId a = operand(e, 0), b = operand(e, 1);
  std::vector<int64_t> drop;
  const int64_t rank = static_cast<int64_t>(e.builder().type(a).shape.size());
  if (ops[0] == MatrixOperation::kVECTOR) drop.push_back(rank - 2);
  if (ops[1] == MatrixOperation::kVECTOR) drop.push_back(rank - 1);
  ValueId y = e.node(*this, "MatMul", {a, b}, {}, drop.empty() ? "" : "product");
  if (!drop.empty()) y = e.node(*this, "Squeeze", {y}, {{"axes", drop}});
  e.output(*this, 0, y, batched);
}

void SoftMaxLayer::setAxes(uint32_t value) {
  axes = value;
  changed();
}
uint32_t SoftMaxLayer::getAxes() const {
  if (axes != 0) return axes;
  const Dims dims = inputs.empty() || !inputs[0] ? Dims{} : inputs[0]->getDimensions();
  return 1u << default_axis(static_cast<size_t>(dims.nbDims));
}

void SoftMaxLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const uint32_t bits = axes ? axes : 1u << default_axis(in.dims.size());
  const std::vector<int64_t> list = axes_of(bits, in.dims.size());
  if (list.size() == 1 && !(in.compact && list[0] != 0)) {
    const ValueId y = e.node(*this, "Softmax", {in.value}, {{"axis", list[0] + 1}});
    return in.compact ? e.output_compact(*this, 0, y, in.batched)
                      : e.output(*this, 0, y, in.batched);
  }
  const ValueId x = e.full(in);
  if (list.size() == 1)
    return e.output(*this, 0, e.node(*this, "Softmax", {x}, {{"axis", list[0] + 1}}), in.batched);
  if (list.back() - list.front() + 1 != static_cast<int64_t>(list.size()))
    throw Error(Code::kUnsupported, "softmax over axes that are not neighbours");
  std::vector<int64_t> joined = {0}, apart = {0};
  for (size_t k = 0; k < in.dims.size(); ++k) {
    apart.push_back(in.dims[k]);
    const int64_t axis = static_cast<int64_t>(k);
    if (axis > list.front() && axis <= list.back())
      joined.back() *= in.dims[k];
    else
      joined.push_back(in.dims[k]);
  }
  const ValueId flat = e.node(*this, "Reshape", {x}, {{"shape", joined}}, "joined");
  const ValueId soft = e.node(*this, "Softmax", {flat}, {{"axis", list.front() + 1}}, "softmax");
  e.output(*this, 0, e.node(*this, "Reshape", {soft}, {{"shape", apart}}), in.batched);
}

void ReduceLayer::emit(Emitter& e) {
  using R = nvinfer1::ReduceOperation;
  const Emitted in = e.input(*this, 0);
  std::vector<int64_t> list = axes_of(axes, in.dims.size());
  for (int64_t& axis : list) ++axis;
  const char* op = operation == R::kSUM    ? "ReduceSum"
                   : operation == R::kPROD ? "ReduceProd"
                   : operation == R::kMAX  ? "ReduceMax"
                   : operation == R::kMIN  ? "ReduceMin"
                                           : "ReduceMean";
  const Attrs attrs = {{"axes", list}, {"keepdims", int64_t{keep}}};
  e.output(*this, 0, e.node(*this, op, {e.full(in)}, attrs), in.batched);
}

void TopKLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const std::vector<int64_t> list = axes_of(axes, in.dims.size());
  if (list.size() != 1) throw Error(Code::kUnsupported, "TopK over more than one axis");
  const Attrs attrs = {{"k", int64_t{k}},
                       {"axis", list[0] + 1},
                       {"largest", int64_t{operation == nvinfer1::TopKOperation::kMAX}}};
  const std::vector<ValueId> made = e.builder().nodes("TopK", {e.full(in)}, 2, attrs, name, {name});
  e.output(*this, 0, made[0], in.batched);
  const ValueId indices = e.node(*this, "Cast", {made[1]}, {{"to", std::string("i32")}}, "indices");
  e.output(*this, 1, indices, in.batched);
}

}  // namespace tenfold::trt
