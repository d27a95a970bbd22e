// Reading and writing the plan file's elementary encodings: little-endian numbers, length-prefixed
// strings, lists and structs. The reader trusts nothing: every length is checked against what is
// left.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "tenfold/plan.h"

namespace tenfold::wire {

// The most elements of one list, so that a small file cannot ask for much memory.
inline constexpr uint32_t kMaxItems = 1u << 20;

template <typename T, typename U>
concept Of = std::is_same_v<std::remove_const_t<T>, U>;

template <typename T>
concept Number =
    std::is_same_v<T, bool> || std::is_same_v<T, int32_t> || std::is_same_v<T, uint32_t> ||
    std::is_same_v<T, int64_t> || std::is_same_v<T, uint64_t> || std::is_same_v<T, double>;

// Enumerators on disk are one byte below the limit.
constexpr uint8_t limit_of(DType) { return kDTypeCount; }
constexpr uint8_t limit_of(ValueKind) { return 3; }
constexpr uint8_t limit_of(StepKind) { return 7; }
constexpr uint8_t limit_of(Layout::Kind) { return 4; }
constexpr uint8_t limit_of(ValueRef::Kind) { return 4; }

class Writer {
 public:
  template <typename... T>
  void operator()(const T&... values) {
    (item(values), ...);
  }
  std::vector<std::byte> take() { return std::move(out_); }
  size_t size() const { return out_.size(); }

  template <Number T>
  void item(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      const uint8_t byte = value ? 1 : 0;
      raw(&byte, 1);
    } else {
      raw(&value, sizeof(T));
    }
  }
  template <typename E>
    requires std::is_enum_v<E>
  void item(const E& value) {
    const auto byte = static_cast<uint8_t>(value);
    raw(&byte, 1);
  }
  void item(const std::string& text);
  void item(const std::vector<std::byte>& bytes);
  void item(const Dim& dim);
  void item(const Problem& problem);
  template <typename T>
  void item(const std::vector<T>& list) {
    item(static_cast<uint32_t>(list.size()));
    for (const T& element : list) item(element);
  }
  template <typename T>
  void item(const std::map<std::string, T>& map) {
    item(static_cast<uint32_t>(map.size()));
    for (const auto& [key, value] : map) (*this)(key, value);
  }
  // A struct: its length, then its fields.
  template <typename T>
    requires requires(Writer& w, const T& value) { fields(w, value); }
  void item(const T& value) {
    const size_t start = out_.size();
    item(uint32_t{0});
    fields(*this, value);
    close(start);
  }
  void raw(const void* data, size_t bytes);

 private:
  void close(size_t start);
  std::vector<std::byte> out_;
};

// Error{kInvalid} on every inconsistency. Fields that an older file lacks at a struct's end keep
// their defaults; fields that a newer one appends are skipped.
class Reader {
 public:
  Reader(const std::byte* data, size_t bytes) : at_(data), end_(data + bytes) {}
  template <typename... T>
  void operator()(T&... values) {
    (optional_item(values), ...);
  }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  template <Number T>
  void item(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      const auto byte = std::to_integer<uint8_t>(*take(1));
      if (byte > 1) bad("a flag is neither 0 nor 1");
      value = byte == 1;
    } else {
      std::memcpy(&value, take(sizeof(T)), sizeof(T));
    }
  }
  template <typename E>
    requires std::is_enum_v<E>
  void item(E& value) {
    const auto byte = std::to_integer<uint8_t>(*take(1));
    if (byte >= limit_of(E{})) bad("a kind or type is unknown to this version");
    value = static_cast<E>(byte);
  }
  void item(std::string& text);
  void item(std::vector<std::byte>& bytes);
  void item(Dim& dim);
  void item(Problem& problem);
  template <typename T>
  void item(std::vector<T>& list) {
    const uint32_t n = count();
    list.clear();
    list.reserve(n < 1024 ? n : 1024);
    for (uint32_t k = 0; k < n; ++k) {
      list.emplace_back();
      item(list.back());
    }
  }
  template <typename T>
  void item(std::map<std::string, T>& map) {
    const uint32_t n = count();
    map.clear();
    for (uint32_t k = 0; k < n; ++k) {
      std::string key;
      item(key);
      if (map.count(key)) bad("a key occurs twice");
      item(map[key]);
    }
  }
  template <typename T>
    requires requires(Reader& r, T& value) { fields(r, value); }
  void item(T& value) {
    const uint32_t bytes = length();
    Reader inner(take(bytes), bytes);
    fields(inner, value);
  }

 private:
  template <typename T>
  void optional_item(T& value) {
    if (left() != 0) item(value);
  }
  const std::byte* take(size_t bytes);
  uint32_t length();
  uint32_t count();
  [[noreturn]] static void bad(const char* what);

  const std::byte* at_;
  const std::byte* end_;
};

}  // namespace tenfold::wire
