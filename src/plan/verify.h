// What the checks of a plan share. Each throws Error{kInvalid}.
#pragma once

#include <string>
#include <utility>

#include "tenfold/plan.h"

namespace tenfold {

// Of a program.
inline constexpr size_t kMaxSteps = 1u << 14;
inline constexpr size_t kMaxBuffers = 1u << 14;

[[noreturn]] inline void bad(const std::string& what) { throw Error(Code::kInvalid, what); }

// Runs a check; whatever it throws becomes an Error{kInvalid} that begins with `where`.
template <typename Check>
void within(const std::string& where, Check&& check) {
  try {
    check();
  } catch (const Error& e) {
    throw Error(Code::kInvalid, where + ": " + e.what(), e.notes());
  }
}

void verify_format(const Format& format, size_t rank);
void verify_problem(const Problem& problem);  // one that a plan may store
// A program that is entered, not called, and all that it calls.
void verify_entry(const Section& section, size_t index);

}  // namespace tenfold
