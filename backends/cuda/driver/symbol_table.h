// A vendor library's functions as a table of pointers, opened once and never closed.
#pragma once

#include "backends/cuda/driver/dynamic_library.h"

namespace tenfold::cuda {

// Looks functions up and remembers the first that is missing.
class SymbolFinder {
 public:
  explicit SymbolFinder(const DynamicLibrary& library) : library_(library) {}
  template <typename Function>
  void operator()(Function*& pointer, const char* name) {
    pointer = reinterpret_cast<Function*>(library_.symbol(name));
    if (!pointer && missing_.empty()) missing_ = name;
  }
  const std::string& missing() const { return missing_; }

 private:
  const DynamicLibrary& library_;
  std::string missing_;
};

template <typename Api>
struct SymbolTable {
  Api api;
  std::string error;      // why it is not ready
  bool complete = false;  // every function is there
  bool ready = false;     // and the library is one that we can use
};

// `fill(api, finder)` names every function; `verify(api, library)` returns why the library cannot
// be used, or nothing. `needed` is said when a function is missing: which version has it.
template <typename Api, typename Fill, typename Verify>
SymbolTable<Api> open_symbols(const std::vector<std::string>& names, Fill fill, Verify verify,
                              const std::string& needed = {}) {
  SymbolTable<Api> table;
  const DynamicLibrary library = DynamicLibrary::open(names);
  if (!library.ok()) {
    table.error = library.error();
    return table;
  }
  SymbolFinder finder(library);
  fill(table.api, finder);
  table.complete = finder.missing().empty();
  if (!table.complete)
    table.error = "lacks " + finder.missing() + (needed.empty() ? "" : ": " + needed);
  else
    table.error = verify(table.api, library);
  table.ready = table.error.empty();
  if (!table.ready) table.error = library.path() + ": " + table.error;
  return table;
}

}  // namespace tenfold::cuda
