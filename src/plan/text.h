// Small pieces of text that describing and comparing plans share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenfold/plan.h"

namespace tenfold {

std::string human_bytes(int64_t bytes);                  // "512 B", "4.9 MB"
std::string human_us(double us);                         // "12.3 us"; "" when unknown (negative)
std::string guard_text(
    const std::vector<Symbol>& symbols);   // "N in 0..64 at 1"; "fixed sizes" if none
std::string formats_text(const Problem& problem);        // "f32:cl @f32:linear -> f32:cl"
std::string_view to_string(StepKind kind);               // "launch", ...
std::string layout_suffix(const Format& format);         // ":cl"; "" for plain row-major
SymbolValues tuning_values(const std::vector<Symbol>& symbols);
SymbolValues largest_values(const std::vector<Symbol>& symbols);
// Compact JSON, strings escaped; values are appended in the order of the calls.
class JsonWriter {
 public:
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(int64_t value);
  JsonWriter& real(double value);                        // null unless finite
  JsonWriter& flag(bool value);
  JsonWriter& begin(char bracket);                       // '{' or '['
  JsonWriter& end(char bracket);                         // '}' or ']'
  std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
};

}  // namespace tenfold
