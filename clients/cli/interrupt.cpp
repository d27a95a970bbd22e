// Ctrl-C while compiling: the first ends the work where it stands, the second ends the program.
#include <csignal>

#include "cli.h"

namespace tenfold::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

struct Interruptible::State {
  struct sigaction before{};
};

Interruptible::Interruptible() : state_(std::make_unique<State>()) {
  interrupted = 0;
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, nullptr, &state_->before);
  // A caller that ignores the signal (nohup, a background job) goes on ignoring it.
  if (state_->before.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
}

Interruptible::~Interruptible() { sigaction(SIGINT, &state_->before, nullptr); }

bool Interruptible::asked() const { return interrupted != 0; }

void Interruptible::end() const {
  std::signal(SIGINT, SIG_DFL);
  std::raise(SIGINT);
}

}  // namespace tenfold::cli
