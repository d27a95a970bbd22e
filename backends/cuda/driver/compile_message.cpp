#include "backends/cuda/driver/compile_message.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/driver/run_nvrtc.h"

namespace tenfold::cuda {
namespace {

constexpr uint64_t kMagic = 0x31434654;  // "TFC1"
constexpr uint64_t kMostParts = 64, kMostBytes = uint64_t{256} << 20;

// Waits until the socket is ready; false at the deadline.
bool ready(int socket, short events, Deadline deadline) noexcept {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) return false;
    pollfd entry{socket, events, 0};
    const int n = poll(&entry, 1, static_cast<int>(std::min<int64_t>(left.count() + 1, 1 << 30)));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return true;  // the transfer tells what is wrong
  }
}

Transfer send_all(int socket, const void* data, size_t bytes, Deadline deadline) noexcept {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    if (!ready(socket, POLLOUT, deadline)) return Transfer::kLate;
    const ssize_t n = send(socket, at, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return Transfer::kClosed;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return Transfer::kDone;
}

Transfer receive_all(int socket, void* data, size_t bytes, Deadline deadline) noexcept {
  char* at = static_cast<char*>(data);
  while (bytes > 0) {
    if (!ready(socket, POLLIN, deadline)) return Transfer::kLate;
    const ssize_t n = recv(socket, at, bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return Transfer::kClosed;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return Transfer::kDone;
}

}  // namespace

Message compile_hello() {
  return {"tenfold-compile 1", std::to_string(embedded_hash()),
          nvrtc() ? nvrtc()->version() : "no NVRTC: " + nvrtc_error()};
}

Transfer send_message(int socket, std::span<const std::string> parts, Deadline deadline) noexcept {
  const uint64_t head[] = {kMagic, parts.size()};
  Transfer result = send_all(socket, head, sizeof head, deadline);
  for (const std::string& part : parts) {
    const uint64_t bytes = part.size();
    if (result == Transfer::kDone) result = send_all(socket, &bytes, sizeof bytes, deadline);
    if (result == Transfer::kDone) result = send_all(socket, part.data(), part.size(), deadline);
  }
  return result;
}

Transfer receive_message(int socket, Message& parts, Deadline deadline) {
  parts.clear();
  std::array<uint64_t, 2> head{};
  if (const Transfer t = receive_all(socket, head.data(), sizeof head, deadline);
      t != Transfer::kDone)
    return t;
  if (head[0] != kMagic || head[1] > kMostParts) return Transfer::kBroken;
  uint64_t left = kMostBytes;
  for (uint64_t k = 0; k < head[1]; ++k) {
    uint64_t bytes = 0;
    if (const Transfer t = receive_all(socket, &bytes, sizeof bytes, deadline);
        t != Transfer::kDone)
      return t;
    if (bytes > left) return Transfer::kBroken;
    left -= bytes;
    std::string part(bytes, '\0');
    if (const Transfer t = receive_all(socket, part.data(), bytes, deadline); t != Transfer::kDone)
      return t;
    parts.push_back(std::move(part));
  }
  return Transfer::kDone;
}

}  // namespace tenfold::cuda
