// Folders that tests read. A copy of the tree on another machine names its own in the environment.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace tenfold::test {

inline std::filesystem::path folder_from(const char* variable, const char* built) {
  const char* given = std::getenv(variable);
  return given && *given ? given : built;
}
// tests/ and examples/; TENFOLD_TEST_DATA and TENFOLD_EXAMPLES_DIR override.
inline std::filesystem::path tests_folder() {
  return folder_from("TENFOLD_TEST_DATA", TENFOLD_TEST_DATA);
}
inline std::filesystem::path examples_folder() {
  return folder_from("TENFOLD_EXAMPLES_DIR", TENFOLD_EXAMPLES_DIR);
}

}  // namespace tenfold::test
