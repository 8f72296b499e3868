#include "discovery/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "discovery/local_error.h"

namespace holdfast::discovery {
namespace {

struct Pipe {
    int read_end = -1;
    int write_end = -1;

    [[nodiscard]] bool open() noexcept {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read_end = ends[0];
        write_end = ends[1];
        return true;
    }
    void close_read() noexcept {
        if (read_end >= 0) ::close(std::exchange(read_end, -1));
    }
    void close_write() noexcept {
        if (write_end >= 0) ::close(std::exchange(write_end, -1));
    }
    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_read();
        close_write();
    }
};

std::unexpected<Error> no_process(std::string_view what, int error) {
    return fail(LocalErrc::no_process, fmt::format("{}: {}", what, std::strerror(error)));
}

// In the child, between fork and exec: only what is safe there (no allocation, no locks).
[[noreturn]] void become(char* const* arguments, int output, int trouble, pid_t parent) noexcept {
    const auto give_up = [trouble]() noexcept {
        const int error = errno;
        [[maybe_unused]] const ssize_t told = ::write(trouble, &error, sizeof error);
        constexpr int cannot_execute = 127;
        ::_exit(cannot_execute);
    };
    ::setpgid(0, 0);
    if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) give_up();
    // The parent may have ended before the line above.
    if (::getppid() != parent) ::_exit(1);
    for (int number = 1; number < NSIG; ++number)
        ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0)
        give_up();
    if (::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
        constexpr int many = 65'536;
        for (int descriptor = STDERR_FILENO + 1; descriptor < many; ++descriptor)
            ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    ::execv(arguments[0], arguments);
    give_up();
    ::abort();
}

// 0, or the error for which the program did not start. The pipe closes by itself when it did.
int told_trouble(int trouble) noexcept {
    int error = 0;
    ssize_t got = 0;
    do {
        got = ::read(trouble, &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(sizeof error) ? error : 0;
}

void reap(pid_t pid) noexcept {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

std::string to_text(const ChildExit& exit) {
    if (exit.signal != 0) return fmt::format("was ended by signal {} ({})", exit.signal, ::strsignal(exit.signal));
    return fmt::format("exited with code {}", exit.code);
}

int open_pidfd(int pid) noexcept {
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

class ChildProcess::Impl : public std::enable_shared_from_this<ChildProcess::Impl> {
public:
    Impl(net::IoContext& io, pid_t pid, int pidfd, int output, OutputSink output_sink, ExitSink exit_sink)
        : pid_(pid),
          pidfd_(io, pidfd),
          output_(io, output),
          output_sink_(std::move(output_sink)),
          exit_sink_(std::move(exit_sink)) {}

    void watch() {
        net::ErrorCode ignored;
        output_.non_blocking(true, ignored);
        wait_output();
        pidfd_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const net::ErrorCode& error) {
            if (!error) self->on_exit();
        });
    }

    void end() {
        output_sink_ = nullptr;
        exit_sink_ = nullptr;
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            reap(pid_);
            ended_ = true;
        }
        close();
    }

    [[nodiscard]] int pid() const noexcept { return pid_; }
    void signal(int number) noexcept {
        // Until it is reaped, the id cannot become another process'.
        if (!ended_) ::kill(pid_, number);
    }

private:
    void wait_output() {
        output_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const net::ErrorCode& error) {
            if (!error && self->read_output()) self->wait_output();
        });
    }

    // False at the end of the output.
    bool read_output() {
        std::array<Byte, 16 * 1024> buffer;
        constexpr int reads_in_a_row = 16;
        for (int round = 0; round < reads_in_a_row && output_.is_open(); ++round) {
            const ssize_t got = ::read(output_.native_handle(), buffer.data(), buffer.size());
            if (got == 0) return false;
            if (got < 0) return errno == EAGAIN || errno == EINTR;
            if (output_sink_) output_sink_(ByteView(buffer.data(), static_cast<std::size_t>(got)));
        }
        return output_.is_open();
    }

    void on_exit() {
        if (ended_) return;
        siginfo_t info{};
        if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
        ended_ = true;
        read_output();
        close();
        ChildExit exit;
        (info.si_code == CLD_EXITED ? exit.code : exit.signal) = info.si_status;
        if (const auto sink = std::exchange(exit_sink_, nullptr)) sink(exit);
    }

    void close() {
        net::ErrorCode ignored;
        pidfd_.close(ignored);
        output_.close(ignored);
    }

    pid_t pid_;
    Descriptor pidfd_;
    Descriptor output_;
    OutputSink output_sink_;
    ExitSink exit_sink_;
    bool ended_ = false;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(net::IoContext& io, const std::vector<std::string>& command,
                                                          OutputSink output, ExitSink exited) {
    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    Pipe out;
    Pipe trouble;
    if (!out.open() || !trouble.open()) return no_process("no pipe for a child's output", errno);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return no_process("no process for " + command.front(), errno);
    if (pid == 0) become(arguments.data(), out.write_end, trouble.write_end, parent);
    out.close_write();
    trouble.close_write();
    if (const int error = told_trouble(trouble.read_end); error != 0) {
        reap(pid);
        return no_process("cannot run " + command.front(), error);
    }
    const int pidfd = open_pidfd(pid);
    if (pidfd < 0) {
        const int error = errno;
        ::kill(pid, SIGKILL);
        reap(pid);
        return no_process("cannot watch " + command.front(), error);
    }
    auto impl = std::make_shared<Impl>(io, pid, pidfd, std::exchange(out.read_end, -1), std::move(output), std::move(exited));
    impl->watch();
    return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

ChildProcess::~ChildProcess() {
    impl_->end();
}
int ChildProcess::pid() const noexcept {
    return impl_->pid();
}
void ChildProcess::signal(int number) noexcept {
    impl_->signal(number);
}

}  // namespace holdfast::discovery
