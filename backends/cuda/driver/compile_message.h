// What a process and its compile helper say to each other: messages of byte strings over a stream.
// Both ends are one build's; the hello proves it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenfold::cuda {

using Deadline = std::chrono::steady_clock::time_point;

// Request: architecture, entry, text, options... Reply: "ok" and machine code, "log" and the
// compiler's log, or "error" and a reason. The helper's first message is its hello.
using Message = std::vector<std::string>;

// What both ends must be: protocol, embedded texts, NVRTC.
Message compile_hello();

enum class Transfer : uint8_t { kDone, kClosed, kLate, kBroken };
// Neither raises SIGPIPE. kClosed: the other end is gone; kBroken: no such message, or over 256
// MiB.
Transfer send_message(int socket, std::span<const std::string> parts, Deadline deadline) noexcept;
Transfer receive_message(int socket, Message& parts, Deadline deadline);

}  // namespace tenfold::cuda
