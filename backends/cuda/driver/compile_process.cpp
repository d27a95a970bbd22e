#include "backends/cuda/driver/compile_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/cuda/driver/compile_message.h"
#include "backends/cuda/driver/run_nvrtc.h"
#include "src/base/threads.h"

namespace tenfold::cuda {
namespace fs = std::filesystem;
namespace {

constexpr int kMostHelpers = 15;
constexpr auto kHelloLimit = std::chrono::seconds(20);

Deadline text_deadline() {
  const char* given = secure_getenv("TENFOLD_COMPILE_SECONDS");
  const long seconds = given ? std::strtol(given, nullptr, 10) : 0;
  return std::chrono::steady_clock::now() +
         std::chrono::seconds(std::clamp(seconds > 0 ? seconds : 120L, 1L, 86400L));
}

// The file that holds this code: the program, or a shared library.
fs::path own_file() {
  std::error_code ignored;
  Dl_info info{};
  fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (dladdr(reinterpret_cast<const void*>(&own_file), &info) == 0 || !info.dli_fname)
    return program;
  const fs::path named = fs::canonical(info.dli_fname, ignored);
  return ignored || named.empty() ? program : named;
}

std::string error_text(int number) {
  return std::error_code(number, std::generic_category()).message();
}

// A running helper. Stopped, and waited for, when destroyed.
class Helper {
 public:
  ~Helper() { stop(); }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // Null, and why in `reason`, when it does not start or is not of this build.
  static std::unique_ptr<Helper> start(const std::string& path, std::string& reason) {
    std::unique_ptr<Helper> helper(new Helper);
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      reason = "no socket: " + error_text(errno);
      return nullptr;
    }
    helper->socket_ = ends[0];
    const int failure = helper->spawn(path, ends[1]);
    close(ends[1]);
    if (failure != 0) {
      reason = path + ": " + error_text(failure);
      return nullptr;
    }
    Message hello;
    const Transfer heard =
        receive_message(helper->socket_, hello, std::chrono::steady_clock::now() + kHelloLimit);
    if (heard == Transfer::kDone && hello == compile_hello()) return helper;
    reason =
        path + ": " +
        (heard == Transfer::kDone ? "of another build, or with another NVRTC" : "says nothing");
    return nullptr;
  }

  // Whether it is still there: helpers end by themselves when nothing is asked of them.
  bool waits() const {
    pollfd entry{socket_, POLLIN, 0};
    return poll(&entry, 1, 0) == 0;
  }
  Transfer ask(const Message& request, Message& reply) {
    const Deadline deadline = text_deadline();
    const Transfer sent = send_message(socket_, request, deadline);
    return sent == Transfer::kDone ? receive_message(socket_, reply, deadline) : sent;
  }

 private:
  Helper() = default;

  // 0, or an errno.
  int spawn(const std::string& path, int end) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, end, 0);
    posix_spawn_file_actions_adddup2(&actions, end, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);  // a terminal's interrupt is not for it
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    std::string name = path;
    std::array<char*, 2> arguments = {name.data(), nullptr};
    const int result =
        posix_spawn(&process_, path.c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (result != 0) process_ = -1;
    return result;
  }

  void stop() noexcept {
    if (socket_ >= 0) close(socket_);
    if (process_ <= 0) return;
    // A program that waits for all its children may have taken the exit code: then the number may
    // be another process's by now.
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == 0) kill(process_, SIGKILL);
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  int socket_ = -1;
  pid_t process_ = -1;
};

// Hands out places to compile in: this process, then helpers.
class Places {
 public:
  static Places& shared() {
    static Places places;
    return places;
  }

  // Null: this process. Waits while all are taken; with `here`, for this process.
  std::unique_ptr<Helper> take(bool here = false) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!here_) {
        here_ = true;
        return nullptr;
      }
      if (!here && !idle_.empty()) {
        std::unique_ptr<Helper> helper = std::move(idle_.back());
        idle_.pop_back();
        if (helper->waits()) return helper;
        --helpers_;
        continue;
      }
      if (!here && usable_ && helpers_ < most_) {
        if (std::unique_ptr<Helper> helper = start(lock)) return helper;
        continue;
      }
      free_.wait(lock);
    }
  }
  // Of a helper that is to be used again; one that failed is just dropped, with lost().
  void give(std::unique_ptr<Helper> helper) {
    {
      const std::lock_guard lock(mutex_);
      if (helper)
        idle_.push_back(std::move(helper));
      else
        here_ = false;
    }
    free_.notify_all();
  }
  void lost(const std::string& why) {
    {
      const std::lock_guard lock(mutex_);
      --helpers_;
    }
    free_.notify_all();
    log(Severity::kNote, "a compile helper was lost (" + why + "); its text is compiled here");
  }

 private:
  std::unique_ptr<Helper> start(std::unique_lock<std::mutex>& lock) {
    ++helpers_;
    lock.unlock();
    std::string reason;
    const std::string path = find_compile_helper(reason);
    std::unique_ptr<Helper> helper = path.empty() ? nullptr : Helper::start(path, reason);
    lock.lock();
    if (helper) return helper;
    --helpers_;
    if (usable_)
      log(Severity::kNote,
          "kernels are compiled one after another, without helper processes: " + reason);
    usable_ = false;
    return nullptr;
  }

  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<Helper>> idle_;
  const int most_ = std::clamp(hardware_threads() - 1, 1, kMostHelpers);
  int helpers_ = 0;
  bool here_ = false;  // this process compiles
  bool usable_ = true;
};

std::vector<std::byte> compile_here(const TextRequest& request, const std::string& arch) {
  struct Returned {
    ~Returned() { Places::shared().give(nullptr); }
  } returned;
  return run_nvrtc(request, arch);
}

}  // namespace

Verdict is_trusted_program(const std::string& path) {
  std::error_code error;
  fs::path at = fs::canonical(path, error);
  if (error) return Verdict::no(path + ": " + error.message());
  struct stat info{};
  if (stat(at.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || access(at.c_str(), X_OK) != 0)
    return Verdict::no(at.string() + " is no program that may be run");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Verdict::no(at.string() + " is not run: others may write it");
  for (;; at = at.parent_path()) {
    if (stat(at.c_str(), &info) != 0) return Verdict::no(at.string() + " cannot be looked at");
    if (info.st_uid != 0 && info.st_uid != geteuid())
      return Verdict::no(at.string() + " belongs to another user");
    // What lies in a sticky folder, only its owner replaces.
    const bool others = (info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0;
    if (others) return Verdict::no(at.string() + " is writable by everyone");
    if (at == at.parent_path()) return {};
  }
}

std::string find_compile_helper(std::string& reason) {
  const char* given = secure_getenv("TENFOLD_COMPILE_HELPER");
  std::vector<fs::path> candidates;
  if (given && std::strcmp(given, "off") == 0) {
    reason = "TENFOLD_COMPILE_HELPER is 'off'";
    return {};
  }
  if (given && *given) {
    candidates = {given};
  } else {
    const fs::path folder = own_file().parent_path();
    const fs::path installed = fs::path("libexec") / "tenfold" / "tenfold-compile";
    candidates = {folder.parent_path() / installed, folder.parent_path().parent_path() / installed,
                  folder / "tenfold-compile", fs::path(TENFOLD_LIBEXEC_DIR) / "tenfold-compile"};
  }
  std::error_code ignored;
  for (const fs::path& candidate : candidates) {
    if (!fs::exists(candidate, ignored) && !(given && *given)) continue;
    const Verdict trusted = is_trusted_program(candidate.string());
    if (trusted) return candidate.string();
    reason = trusted.reason;
    return {};
  }
  reason = "no tenfold-compile was found beside " + own_file().string() +
           "; TENFOLD_COMPILE_HELPER may name one";
  return {};
}

std::vector<std::byte> compile_anywhere(const TextRequest& request, const std::string& arch) {
  need_nvrtc(request.entry);  // a helper would only say the same
  Places& places = Places::shared();
  std::unique_ptr<Helper> helper = places.take();
  if (!helper) return compile_here(request, arch);
  Message message = {arch, request.entry, request.text}, reply;
  message.insert(message.end(), request.options.begin(), request.options.end());
  const Transfer heard = helper->ask(message, reply);
  if (heard == Transfer::kDone && reply.size() == 2 && (reply[0] == "ok" || reply[0] == "log")) {
    places.give(std::move(helper));
    if (reply[0] == "log")
      throw Error(Code::kInternal, "device text " + request.entry + " does not compile for " + arch,
                  {reply[1]});
    const auto* bytes = reinterpret_cast<const std::byte*>(reply[1].data());
    return {bytes, bytes + reply[1].size()};
  }
  helper.reset();
  places.lost(heard == Transfer::kLate   ? "too slow"
              : heard == Transfer::kDone ? (reply.empty() ? "no reply" : reply.back())
                                         : "it ended");
  if (heard == Transfer::kLate)
    throw Error(Code::kResource, "compiling kernel " + request.entry + " took too long",
                {"TENFOLD_COMPILE_SECONDS sets the limit"});
  (void)places.take(true);
  return compile_here(request, arch);
}

}  // namespace tenfold::cuda
