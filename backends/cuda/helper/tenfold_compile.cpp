// tenfold-compile: compiles CUDA device texts for another process of this build, one after another.
// Reads requests on standard input and writes replies on standard output, one socket
// (driver/compile_message.h). Ends with its caller, or after ten seconds without a request.
#include <csignal>
#include <cstdio>

#include <sys/socket.h>
#include <sys/stat.h>

#include "backends/cuda/driver/compile_message.h"
#include "backends/cuda/driver/run_nvrtc.h"

namespace {

using namespace tenfold::cuda;

constexpr auto kIdle = std::chrono::seconds(10), kSend = std::chrono::seconds(60);

Message answer(const Message& request) {
  if (request.size() < 3) return {"error", "a request has an architecture, an entry and a text"};
  TextRequest text;
  text.entry = request[1];
  text.text = request[2];
  text.options.assign(request.begin() + 3, request.end());
  try {
    const std::vector<std::byte> code = run_nvrtc(text, request[0]);
    return {"ok", std::string(reinterpret_cast<const char*>(code.data()), code.size())};
  } catch (const tenfold::Error& e) {
    if (e.code() == tenfold::Code::kInternal && !e.notes().empty()) return {"log", e.notes()[0]};
    return {"error", e.full()};
  } catch (const std::exception& e) {
    return {"error", e.what()};
  }
}

}  // namespace

int main() {
  struct stat info{};
  if (fstat(0, &info) != 0 || !S_ISSOCK(info.st_mode)) {
    std::fputs(
        "tenfold-compile is a helper: tenfold starts it to compile several kernels at once\n",
        stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto in = [](std::chrono::seconds limit) {
    return std::chrono::steady_clock::now() + limit;
  };
  if (send_message(1, compile_hello(), in(kSend)) != Transfer::kDone) return 1;
  Message request;
  while (receive_message(0, request, in(kIdle)) == Transfer::kDone)
    if (send_message(1, answer(request), in(kSend)) != Transfer::kDone) return 1;
  return 0;
}
