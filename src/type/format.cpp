// Layouts, formats and operands: text forms, strides and storage sizes.
#include <algorithm>

#include "src/base/checked.h"
#include "src/type/dim_expr.h"
#include "src/type/text.h"

namespace tenfold {
namespace {

using Kind = Layout::Kind;
constexpr int64_t kMaxBlock = 4096;

int32_t small_number(Scanner& in, const char* meaning) {
  const int64_t value = in.integer();
  if (value < 1 || value > kMaxBlock)
    in.fail(std::string("expected ") + meaning + " from 1 to 4096");
  return static_cast<int32_t>(value);
}

// How many of axis 1 are stored, padding included; of a slice, of its enclosing buffer.
int64_t stored_channels(const Format& f, int64_t channels) {
  int64_t stored = f.enclosing > 0 ? f.enclosing : channels;
  if (f.layout.pad > 1) stored = checked_round_up(stored, f.layout.pad);
  if (f.layout.kind == Kind::kBlocked) stored = checked_round_up(stored, f.layout.block);
  return stored;
}

void check_rank(const Format& f, size_t rank) {
  if (f.layout.kind == Kind::kOpaque)
    throw Error(Code::kUnsupported, "a packed value has no strides");
  const bool needs_axis1 = f.layout.kind != Kind::kLinear || f.layout.pad > 1 || f.enclosing > 0;
  if (needs_axis1 && rank < 2)
    throw Error(Code::kInvalid, "format " + f.str() + " needs two axes or more");
  if (f.layout.kind == Kind::kBlocked && f.layout.block < 1)
    throw Error(Code::kInvalid, "format " + f.str() + " has no block size");
}

}  // namespace

std::string Layout::str() const {
  std::string text = "linear";
  if (kind == Kind::kChannelsLast) text = "cl";
  if (kind == Kind::kBlocked) text = "c" + std::to_string(block);
  if (kind == Kind::kOpaque) text = "opaque";
  return pad > 1 ? text + "/pad" + std::to_string(pad) : text;
}

Layout read_layout(Scanner& in) {
  Layout layout;
  const size_t start = (in.peek(), in.position());
  const std::string_view name = in.expect_identifier("a layout");
  if (name == "cl") {
    layout.kind = Kind::kChannelsLast;
  } else if (name == "opaque") {
    layout.kind = Kind::kOpaque;
  } else if (name.size() > 1 && name[0] == 'c' &&
             name.find_first_not_of("0123456789", 1) == name.npos) {
    in.rewind(start + 1);
    layout.kind = Kind::kBlocked;
    layout.block = small_number(in, "a block size");
  } else if (name != "linear") {
    in.rewind(start);
    in.fail("unknown layout; known are linear, cl, c8, c16, opaque");
  }
  if (in.accept("/pad")) layout.pad = small_number(in, "a padding");
  return layout;
}

Layout Layout::parse(std::string_view text) {
  Scanner in(text, "a layout");
  const Layout layout = read_layout(in);
  in.expect_end();
  return layout;
}

namespace {
// ":cl@512*0.5", without what is the default.
std::string storage_text(const Format& f, bool always) {
  std::string text;
  if (always || !(f.layout == Layout{}) || f.enclosing != 0 || f.scale != 0)
    text = ":" + f.layout.str();
  if (f.enclosing != 0) text += "@" + std::to_string(f.enclosing);
  if (f.scale != 0) text += "*" + shortest(f.scale);
  return text;
}

void read_storage(Scanner& in, Format& format) {
  format.layout = read_layout(in);
  if (in.accept('@')) {
    format.enclosing = in.integer();
    if (format.enclosing < 1) in.fail("expected a positive extent");
  }
  if (in.accept('*')) format.scale = in.number();
}
}  // namespace

std::string Format::str() const {
  return std::string(to_string(dtype)) + storage_text(*this, true);
}

Format read_format(Scanner& in) {
  Format format;
  format.dtype = read_dtype(in);
  if (in.accept(':')) read_storage(in, format);
  return format;
}

Format Format::parse(std::string_view text) {
  Scanner in(text, "a format");
  const Format format = read_format(in);
  in.expect_end();
  return format;
}

std::string Operand::str() const {
  return (constant ? "@" : "") + std::string(to_string(format.dtype)) + "[" + tenfold::str(dims) +
         "]" + storage_text(format, false);
}

Operand read_operand(Scanner& in) {
  Operand operand;
  operand.constant = in.accept('@');
  operand.format.dtype = read_dtype(in);
  in.expect('[');
  operand.dims = parse_dims(in, ']');
  in.expect(']');
  if (in.accept(':')) read_storage(in, operand.format);
  return operand;
}

Operand Operand::parse(std::string_view text) {
  Scanner in(text, "an operand");
  Operand operand = read_operand(in);
  in.expect_end();
  return operand;
}

Extents strides_of(const Format& format, const Extents& dims) {
  check_rank(format, dims.size());
  Extents strides(dims.size());
  int64_t stride = 1;
  const auto take = [&](size_t axis, int64_t extent) {
    strides[axis] = stride;
    stride = checked_mul(stride, std::max<int64_t>(extent, 1));
  };
  const bool axis1 = dims.size() >= 2;
  const int64_t channels = axis1 ? stored_channels(format, dims[1]) : 0;
  switch (format.layout.kind) {
    case Kind::kLinear:
      for (size_t k = dims.size(); k-- > 0;) take(k, axis1 && k == 1 ? channels : dims[k]);
      break;
    case Kind::kChannelsLast:
      take(1, channels);
      for (size_t k = dims.size(); k-- > 2;) take(k, dims[k]);
      take(0, dims[0]);
      break;
    case Kind::kBlocked:
      stride = format.layout.block;
      for (size_t k = dims.size(); k-- > 2;) take(k, dims[k]);
      take(1, channels / format.layout.block);
      take(0, dims[0]);
      break;
    case Kind::kOpaque: break;
  }
  return strides;
}

int64_t storage_elements(const Format& format, const Extents& dims) {
  const int64_t count = element_count(dims);
  if (count == 0) return 0;
  const Extents strides = strides_of(format, dims);
  if (format.enclosing > 0) {  // from its first to its last element
    int64_t last = 1;
    for (size_t k = 0; k < dims.size(); ++k) {
      const bool blocked = format.layout.kind == Kind::kBlocked && k == 1;
      const int64_t steps = blocked ? (dims[1] - 1) / format.layout.block : dims[k] - 1;
      last = checked_add(last, checked_mul(steps, strides[k]));
    }
    if (format.layout.kind == Kind::kBlocked) last = checked_add(last, format.layout.block - 1);
    return last;
  }
  if (dims.size() < 2 || (format.layout.kind == Kind::kLinear && format.layout.pad <= 1))
    return count;
  Extents stored = dims;
  stored[1] = stored_channels(format, dims[1]);
  return element_count(stored);
}

int64_t storage_bytes(const Format& format, const Extents& dims) {
  return bytes_for(format.dtype, storage_elements(format, dims));
}

Dim storage_elements(const Format& format, const Shape& dims) {
  if (is_const(dims)) return storage_elements(format, const_extents(dims));
  check_rank(format, dims.size());
  Shape stored = dims;
  const bool blocked = format.layout.kind == Kind::kBlocked;
  if (dims.size() >= 2) {
    if (format.enclosing > 0) stored[1] = format.enclosing;
    for (const int64_t unit :
         {int64_t{format.layout.pad}, int64_t{blocked ? format.layout.block : 1}})
      if (unit > 1) stored[1] = ceil_div(stored[1], unit) * Dim(unit);
  }
  return element_count(stored);  // of a slice: an upper bound
}

int64_t offset_of(const Format& format, const Extents& dims, const Extents& index) {
  const Extents strides = strides_of(format, dims);
  if (index.size() != dims.size()) throw Error(Code::kInvalid, "an index of another rank");
  int64_t offset = 0;
  for (size_t k = 0; k < index.size(); ++k) {
    int64_t at = index[k];
    if (at < 0 || at >= dims[k]) throw Error(Code::kInvalid, "an index outside the value");
    if (format.layout.kind == Kind::kBlocked && k == 1) {
      offset = checked_add(offset, at % format.layout.block);
      at /= format.layout.block;
    }
    offset = checked_add(offset, checked_mul(at, strides[k]));
  }
  return offset;
}

bool same_storage(const Format& a, const Format& b, const Shape& dims) {
  if (a.dtype != b.dtype || a.scale != b.scale) return false;
  if (a.layout == b.layout && a.enclosing == b.enclosing) return true;
  if (a.layout.kind == Kind::kOpaque || b.layout.kind == Kind::kOpaque || dims.size() < 2)
    return false;
  if (a.layout.kind == Kind::kBlocked || b.layout.kind == Kind::kBlocked) return false;
  if (a.enclosing != b.enclosing) return false;
  const Dim one = 1;
  const auto padded = [&](const Format& f) {
    const Dim c = f.enclosing > 0 ? Dim(f.enclosing) : dims[1];
    return f.layout.pad > 1 ? ceil_div(c, f.layout.pad) * Dim(f.layout.pad) : c;
  };
  if (!(padded(a) == padded(b))) return false;
  if (a.layout.kind == b.layout.kind) return true;
  // Linear and channels last agree where at most one of axis 1 and the axes behind it is not 1.
  const bool one_channel = padded(a) == one;
  const bool one_pixel =
      std::all_of(dims.begin() + 2, dims.end(), [&](const Dim& d) { return d == one; });
  return one_channel || one_pixel;
}

}  // namespace tenfold
