#include "discovery/leftover.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace holdfast::discovery {
namespace {

// Through the descriptor, so that the signal never reaches a later process with the same id.
void send(int pidfd, int signal) noexcept {
    ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

}  // namespace

std::optional<int> find_leftover(const std::string& pid_file, const std::string& argument) {
    int pid = 0;
    std::ifstream(pid_file) >> pid;
    if (pid <= 1 || pid == ::getpid()) return std::nullopt;
    std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
    const std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    // Arguments, each ended by a NUL.
    std::string_view rest = line;
    while (!rest.empty()) {
        const auto end = rest.find('\0');
        if (rest.substr(0, end) == argument) return pid;
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    return std::nullopt;
}

struct LeftoverEnding::State : std::enable_shared_from_this<State> {
    State(net::IoContext& io, std::function<void()> when_done) : pidfd(io), timer(io), done(std::move(when_done)) {}

    void begin(Duration patience) {
        send(pidfd.native_handle(), SIGTERM);
        send(pidfd.native_handle(), SIGCONT);
        pidfd.async_wait(Descriptor::wait_read, [self = shared_from_this()](const net::ErrorCode& error) {
            if (!error) self->finish();
        });
        timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(patience));
        timer.async_wait([self = shared_from_this()](const net::ErrorCode& error) {
            if (!error && self->done) send(self->pidfd.native_handle(), SIGKILL);
        });
    }
    void finish() {
        const auto call = std::exchange(done, nullptr);
        close();
        if (call) call();
    }
    void close() {
        net::ErrorCode ignored;
        pidfd.close(ignored);
        timer.cancel();
    }

    Descriptor pidfd;
    net::Timer timer;
    std::function<void()> done;
};

LeftoverEnding::LeftoverEnding(net::IoContext& io, int pid, Duration patience, std::function<void()> done) {
    state_ = std::make_shared<State>(io, std::move(done));
    net::ErrorCode error;
    if (const int pidfd = open_pidfd(pid); pidfd >= 0) state_->pidfd.assign(pidfd, error);
    if (state_->pidfd.is_open()) {
        state_->begin(patience);
    } else {
        // It is gone already.
        boost::asio::post(io, [state = state_] { state->finish(); });
    }
}

LeftoverEnding::~LeftoverEnding() {
    state_->done = nullptr;
    state_->close();
}

}  // namespace holdfast::discovery
