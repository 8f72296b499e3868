#pragma once
// One child process: started so that it cannot outlive us, its output in a pipe, its end noticed through a descriptor of it
// (pidfd).

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/tcp.h"

namespace holdfast::discovery {

using Descriptor = boost::asio::posix::basic_stream_descriptor<net::Executor>;

/// How a process ended.
struct ChildExit {
    int code = 0;    ///< when it exited by itself
    int signal = 0;  ///< not 0: a signal ended it
};

/// "exited with code 3", "was ended by signal 9 (Killed)".
[[nodiscard]] std::string to_text(const ChildExit& exit);

/// Opens a descriptor of a process, which becomes readable when the process ends; -1 when there is no such process.
[[nodiscard]] int open_pidfd(int pid) noexcept;

/// A running child. Threads: the io_context's one thread; the kernel sends the child SIGTERM when this thread ends for any
/// reason.
class ChildProcess {
public:
    using OutputSink = std::function<void(ByteView)>;
    using ExitSink = std::function<void(const ChildExit&)>;

    /// Runs `command` (a path and its arguments) in its own process group, without our descriptors, signal masks and handlers.
    /// `output` gets what it writes to stdout and stderr; `exited` is called once, after the last output. Errors: no_process,
    /// with the system's reason, also when the program cannot be executed.
    [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(net::IoContext& io,
                                                                     const std::vector<std::string>& command, OutputSink output,
                                                                     ExitSink exited);

    /// Without a call of `exited`: kills the child if it still runs, and waits for it.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] int pid() const noexcept;
    /// Sends a signal; harmless after the end.
    void signal(int number) noexcept;

private:
    class Impl;
    explicit ChildProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::discovery
