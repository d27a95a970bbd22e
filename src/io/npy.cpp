// .npy: magic, version, header length, a Python dictionary as text, then the elements.
#include "src/io/npy.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "src/base/file.h"
#include "src/base/scanner.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeader = 1 << 16, kMaxRank = 32;
constexpr std::pair<std::string_view, DType> kTypes[] = {
    {"<f8", DType::kF64}, {"<f4", DType::kF32},  {"<f2", DType::kF16}, {"|i1", DType::kI8},
    {"|u1", DType::kU8},  {"<i2", DType::kI16},  {"<u2", DType::kU16}, {"<i4", DType::kI32},
    {"<u4", DType::kU32}, {"<i8", DType::kI64},  {"<u8", DType::kU64}, {"|b1", DType::kBool},
    {"<c8", DType::kC64}, {"<c16", DType::kC128}};

struct Header {
  DType dtype = DType::kUndefined;
  Extents dims;
  bool fortran = false;
  bool big_endian = false;
};

std::string single_quoted(Scanner& in) {
  const char quote = in.peek();
  if (quote != '\'' && quote != '"') in.fail("expected a quoted text");
  in.accept(quote);
  std::string text;
  while (in.peek_raw() != quote) {
    if (in.peek_raw() == '\0' || text.size() > 64) in.fail("expected a closing quote");
    text += in.peek_raw();
    in.rewind(in.position() + 1);
  }
  in.accept(quote);
  return text;
}

DType type_of(std::string descr, const std::string& name) {
  if (!descr.empty() && std::strchr("=|>", descr[0])) descr[0] = '<';
  for (const auto& [spelt, type] : kTypes)
    if (spelt.substr(1) == std::string_view(descr).substr(std::min<size_t>(1, descr.size())) &&
        (descr[0] == '<' || bits_of(type) == 8))
      return type;
  throw Error(Code::kUnsupported,
              name + ": .npy elements of type " + quote(descr) + " cannot be read");
}

Header parse_header(std::string_view text, const std::string& name) {
  Scanner in(text, "a .npy header");
  Header h;
  bool has_descr = false, has_order = false, has_shape = false;
  in.expect('{');
  while (!in.accept('}')) {
    const std::string key = single_quoted(in);
    in.expect(':');
    if (key == "descr") {
      if (in.peek() == '[') throw Error(Code::kUnsupported, name + ": .npy records cannot be read");
      const std::string descr = single_quoted(in);
      h.dtype = type_of(descr, name);
      h.big_endian = descr[0] == '>';
      has_descr = true;
    } else if (key == "fortran_order") {
      h.fortran = in.accept_word("True");
      if (!h.fortran && !in.accept_word("False")) in.fail("expected True or False");
      has_order = true;
    } else if (key == "shape") {
      in.expect('(');
      h.dims.clear();
      while (!in.accept(')')) {
        h.dims.push_back(in.integer());
        in.accept('L');
        if (h.dims.size() > kMaxRank) in.fail("too many dimensions");
        if (!in.accept(',') && in.peek() != ')') in.fail("expected ',' or ')'");
      }
      has_shape = true;
    } else {
      in.fail("unknown key " + quote(key));
    }
    if (!in.accept(',') && in.peek() != '}') in.fail("expected ',' or '}'");
  }
  if (!has_descr || !has_order || !has_shape) in.fail("expected descr, fortran_order and shape");
  return h;
}

// Every element's bytes turned around; of a complex number, each part's.
void swap_bytes(Tensor& t) {
  const bool parts = t.dtype() == DType::kC64 || t.dtype() == DType::kC128;
  const int64_t size = bits_of(t.dtype()) / (parts ? 16 : 8);
  auto* bytes = static_cast<char*>(t.mutable_data());
  for (char* at = bytes; at < bytes + t.bytes(); at += size) std::reverse(at, at + size);
}

// Elements in column-major order to row-major.
Tensor transpose_order(const Tensor& t) {
  const Extents& dims = t.dims();
  Tensor result(t.dtype(), dims);
  const int64_t size = bits_of(t.dtype()) / 8;
  Extents stride(dims.size(), 1);
  for (size_t k = 1; k < dims.size(); ++k) stride[k] = stride[k - 1] * dims[k - 1];
  Extents index(dims.size());
  const auto* src = static_cast<const char*>(t.data());
  auto* dst = static_cast<char*>(result.mutable_data());
  int64_t from = 0;
  for (int64_t k = 0; k < t.count(); ++k, dst += size) {
    std::memcpy(dst, src + from * size, static_cast<size_t>(size));
    for (size_t axis = dims.size(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < dims[axis]) break;
      from -= stride[axis] * dims[axis];
      index[axis] = 0;
    }
  }
  return result;
}

}  // namespace

Tensor parse_npy(Bytes bytes, const std::string& name) {
  const auto bad = [&](const std::string& why) { throw Error(Code::kInvalid, name + ": " + why); };
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  if (bytes.size() < 12 || std::memcmp(p, kMagic.data(), kMagic.size()) != 0)
    bad("is no .npy file");
  const int version = p[6];
  if (version < 1 || version > 3) bad("is a .npy file of an unknown version");
  const size_t start = version == 1 ? 10 : 12;
  const size_t length = version == 1 ? p[8] | static_cast<size_t>(p[9]) << 8
                                     : p[8] | static_cast<size_t>(p[9]) << 8 |
                                           static_cast<size_t>(p[10]) << 16 |
                                           static_cast<size_t>(p[11]) << 24;
  if (length > kMaxHeader || start + length > bytes.size()) bad("the .npy header is damaged");
  std::string text(reinterpret_cast<const char*>(p) + start, length);
  std::replace(text.begin(), text.end(), '\n', ' ');
  Header h;
  int64_t size = 0;
  try {
    h = parse_header(text, name);
    size = bytes_for(h.dtype, element_count(h.dims));
  } catch (const Error& e) {
    if (e.code() != Code::kUnsupported) bad(e.what());
    throw;
  }
  const Bytes data = bytes.subspan(start + length);
  if (size > static_cast<int64_t>(data.size()))
    bad("ends too early: " + std::to_string(size) + " bytes of elements expected, " +
        std::to_string(data.size()) + " found");
  Tensor tensor(h.dtype, h.dims);
  if (size > 0) std::memcpy(tensor.mutable_data(), data.data(), static_cast<size_t>(size));
  if (h.big_endian) swap_bytes(tensor);
  return h.fortran && h.dims.size() > 1 ? transpose_order(tensor) : tensor;
}

std::string format_npy(const Tensor& tensor) {
  const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [&](const auto& t) { return t.second == tensor.dtype(); });
  if (type == std::end(kTypes)) return format_npy(tensor.cast(DType::kF32));
  std::string header =
      "{'descr': '" + std::string(type->first) + "', 'fortran_order': False, 'shape': (";
  for (const int64_t d : tensor.dims()) header += std::to_string(d) + ",";
  if (tensor.dims().size() > 1) header.pop_back();  // (3,) but (3,4)
  header += "), }";
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';  // elements start at a multiple of 64 bytes
  std::string bytes(kMagic);
  bytes += std::string("\x01\x00", 2);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(static_cast<const char*>(tensor.data()), static_cast<size_t>(tensor.bytes()));
  return bytes;
}

Tensor load_npy(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  return parse_npy(file.bytes(), path);
}

void save_npy(const std::string& path, const Tensor& tensor) {
  write_file_atomic(path, format_npy(tensor));
}

}  // namespace tenfold
