// Functions of one number. Those that no op has are made of ops; a row sees one expression.
//   asin x = 2 atan(x / (1 + sqrt(1 - x^2)))     sinh x = (e^x - e^-x) / 2
//   acos x = 2 atan(sqrt((1 - x) / (1 + x)))     cosh x = (e^x + e^-x) / 2
//   asinh x = sign(x) log(|x| + sqrt(x^2 + 1))   acosh x = log(x + sqrt(x^2 - 1))
//   atanh x = log((1 + x) / (1 - x)) / 2         tan x = sin x / cos x
#include "layers.h"

namespace tenfold::trt {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kTanPi8 = 0.41421356237309504880;

// Writes a layer's nodes one after the other, each with a name of its own.
class Formula {
 public:
  Formula(Emitter& emitter, const LayerCore& layer) : emitter_(emitter), layer_(layer) {}

  ValueId op(const char* name, std::vector<ValueId> inputs) {
    return emitter_.node(layer_, name, std::move(inputs), {}, "f" + std::to_string(count_++));
  }
  ValueId number(double value) {
    return emitter_.scalar(layer_, "k" + std::to_string(count_++), value);
  }
  ValueId add(ValueId a, ValueId b) { return op("Add", {a, b}); }
  ValueId sub(ValueId a, ValueId b) { return op("Sub", {a, b}); }
  ValueId mul(ValueId a, ValueId b) { return op("Mul", {a, b}); }
  ValueId div(ValueId a, ValueId b) { return op("Div", {a, b}); }
  ValueId square_root(ValueId a) { return op("Sqrt", {a}); }
  ValueId select(ValueId condition, ValueId a, ValueId b) { return op("Where", {condition, a, b}); }

  // |x| goes to [0, 1] by 1/x, then to [-tan(pi/8), tan(pi/8)] by (t - 1) / (t + 1); there a
  // polynomial through the Chebyshev nodes of t^2 is within 1e-9.
  ValueId arc_tangent(ValueId x) {
    static constexpr double kPoly[] = {-0.333333317612, 0.199995404835, -0.142639555953,
                                       0.107437314715, -0.0645192816189};
    const ValueId one = number(1), size = op("Abs", {x});
    const ValueId large = op("Greater", {size, one});
    const ValueId t = select(large, div(one, size), size);
    const ValueId upper = op("Greater", {t, number(kTanPi8)});
    const ValueId u = select(upper, div(sub(t, one), add(t, one)), t);
    const ValueId z = mul(u, u);
    ValueId p = number(kPoly[4]);
    for (int k = 3; k >= 0; --k) p = add(mul(p, z), number(kPoly[k]));
    ValueId y = add(u, mul(mul(u, z), p));
    y = select(upper, add(y, number(kPi / 4)), y);
    y = select(large, sub(number(kPi / 2), y), y);
    return mul(y, op("Sign", {x}));
  }

  ValueId hyperbolic(const char* name, ValueId x) {
    const ValueId up = op("Exp", {x});
    return mul(op(name, {up, op("Reciprocal", {up})}), number(0.5));
  }

 private:
  Emitter& emitter_;
  const LayerCore& layer_;
  int count_ = 0;
};

// The op that is the function; null if none is.
const char* op_of(nvinfer1::UnaryOperation operation) {
  using U = nvinfer1::UnaryOperation;
  switch (operation) {
    case U::kEXP: return "Exp";
    case U::kLOG: return "Log";
    case U::kSQRT: return "Sqrt";
    case U::kRECIP: return "Reciprocal";
    case U::kABS: return "Abs";
    case U::kNEG: return "Neg";
    case U::kSIN: return "Sin";
    case U::kCOS: return "Cos";
    case U::kCEIL: return "Ceil";
    case U::kFLOOR: return "Floor";
    default: return nullptr;
  }
}

ValueId composed(Formula& f, nvinfer1::UnaryOperation operation, ValueId x) {
  using U = nvinfer1::UnaryOperation;
  const ValueId one = f.number(1);
  switch (operation) {
    case U::kTAN: return f.div(f.op("Sin", {x}), f.op("Cos", {x}));
    case U::kSINH: return f.hyperbolic("Sub", x);
    case U::kCOSH: return f.hyperbolic("Add", x);
    case U::kATAN: return f.arc_tangent(x);
    case U::kASIN: {
      const ValueId other = f.square_root(f.sub(one, f.mul(x, x)));
      return f.mul(f.arc_tangent(f.div(x, f.add(one, other))), f.number(2));
    }
    case U::kACOS: {
      const ValueId ratio = f.div(f.sub(one, x), f.add(one, x));
      return f.mul(f.arc_tangent(f.square_root(ratio)), f.number(2));
    }
    case U::kASINH: {
      const ValueId root = f.square_root(f.add(f.mul(x, x), one));
      const ValueId size = f.op("Log", {f.add(f.op("Abs", {x}), root)});
      return f.mul(size, f.op("Sign", {x}));
    }
    case U::kACOSH: return f.op("Log", {f.add(x, f.square_root(f.sub(f.mul(x, x), one)))});
    case U::kATANH: {
      const ValueId ratio = f.div(f.add(one, x), f.sub(one, x));
      return f.mul(f.op("Log", {ratio}), f.number(0.5));
    }
    default: break;
  }
  throw Error(Code::kUnsupported,
              "unknown unary operation " + std::to_string(static_cast<int>(operation)));
}

}  // namespace

void UnaryLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  if (const char* op = op_of(operation))
    return e.output_like(in, *this, e.node(*this, op, {in.value}));
  Formula formula(e, *this);
  e.output_like(in, *this, composed(formula, operation, in.value));
}

}  // namespace tenfold::trt
