// An installed tree, made once, and programs compiled against it as users do.
#pragma once

#include <string>

// Runs a shell command; its output, both streams, goes to `output`. Returns the exit status.
int run(const std::string& command, std::string* output);
// The prefix that `cmake --install` filled, or empty with the reason in `why`.
const std::string& installed_prefix(std::string* why);
// Compiles one C++11 source with `pkg-config PACKAGE` and what stands for a CUDA toolkit, as
// compiler arguments; the program's path, or empty with the compiler's words in `why`.
std::string compile_program(const std::string& source, const std::string& package, std::string* why,
                            const std::string& toolkit = "");
// A folder with the digits model (unpacked) and the pictures 0.pgm to 9.pgm.
const std::string& model_folder();
