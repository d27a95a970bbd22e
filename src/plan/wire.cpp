#include "src/plan/wire.h"

#include <bit>

namespace tenfold::wire {

static_assert(std::endian::native == std::endian::little,
              "plan files are read and written in place");

namespace {
enum class DimTag : uint8_t { kNumber = 0, kText = 1 };

void append(std::vector<std::byte>& out, const void* data, size_t bytes) {
  const auto* first = static_cast<const std::byte*>(data);
  out.insert(out.end(), first, first + bytes);
}

uint32_t checked_length(size_t bytes) {
  if (bytes > UINT32_MAX)
    throw Error(Code::kResource, "an item of a plan exceeds 4 GiB and cannot be stored");
  return static_cast<uint32_t>(bytes);
}
}  // namespace

void Writer::raw(const void* data, size_t bytes) { append(out_, data, bytes); }

void Writer::item(const std::string& text) {
  item(checked_length(text.size()));
  raw(text.data(), text.size());
}

void Writer::item(const std::vector<std::byte>& bytes) {
  item(checked_length(bytes.size()));
  raw(bytes.data(), bytes.size());
}

void Writer::item(const Dim& dim) {
  const auto tag = static_cast<uint8_t>(dim.is_const() ? DimTag::kNumber : DimTag::kText);
  raw(&tag, 1);
  if (dim.is_const())
    item(dim.value());
  else
    item(dim.str());
}

void Writer::item(const Problem& problem) {
  // An unset Problem (no op) has no text form.
  item(problem.op.empty() ? std::string() : problem.str());
}

void Writer::close(size_t start) {
  const uint32_t bytes = checked_length(out_.size() - start - sizeof(uint32_t));
  std::memcpy(out_.data() + start, &bytes, sizeof bytes);
}

void Reader::bad(const char* what) { throw Error(Code::kInvalid, what); }

const std::byte* Reader::take(size_t bytes) {
  if (bytes > left()) bad("it ends in the middle of an item");
  const std::byte* at = at_;
  at_ += bytes;
  return at;
}

uint32_t Reader::length() {
  uint32_t bytes = 0;
  item(bytes);
  if (bytes > left()) bad("an item's length exceeds what is there");
  return bytes;
}

uint32_t Reader::count() {
  uint32_t n = 0;
  item(n);
  // Every element takes a byte at least.
  if (n > left() || n > kMaxItems) bad("a list's length exceeds what is there");
  return n;
}

void Reader::item(std::string& text) {
  const uint32_t bytes = length();
  text.assign(reinterpret_cast<const char*>(take(bytes)), bytes);
}

void Reader::item(std::vector<std::byte>& bytes) {
  const uint32_t n = length();
  const std::byte* first = take(n);
  bytes.assign(first, first + n);
}

void Reader::item(Dim& dim) {
  const auto tag = static_cast<DimTag>(*take(1));
  if (tag == DimTag::kNumber) {
    int64_t value = 0;
    item(value);
    dim = Dim(value);
  } else if (tag == DimTag::kText) {
    std::string text;
    item(text);
    dim = Dim::parse(text);
  } else {
    bad("a dimension is neither a number nor an expression");
  }
}

void Reader::item(Problem& problem) {
  std::string text;
  item(text);
  problem = text.empty() ? Problem() : Problem::parse(text);
}

}  // namespace tenfold::wire
