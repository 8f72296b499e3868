#pragma once
// One run of a process of Holdfast, from its first part to its last: until SIGINT or SIGTERM, which end it in order, or until
// it cannot go on. A second signal ends it at once. SIGHUP reads the settings again.
//
// Threads: the thread that calls `run`.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/exit_code.h"

namespace holdfast::cli {

class SignalledRun {
public:
    struct Hooks {
        std::function<Result<>()> start;
        std::function<void()> reload;
        /// Ends everything in order, then calls `done`. Also called when `start` has failed.
        std::function<void(std::function<void()> done)> stop;
    };

    /// `who` is the log's part.
    SignalledRun(boost::asio::io_context& io, std::string who, Hooks hooks);

    /// Returns the program's exit code.
    [[nodiscard]] int run();
    /// It cannot go on.
    void fail(const Error& error);

private:
    void await_signal();
    void await_hangup();
    void stop();

    boost::asio::io_context& io_;
    const std::string who_;
    Hooks hooks_;
    boost::asio::signal_set signals_;
    boost::asio::signal_set hangups_;
    ExitCode code_ = ExitCode::ok;
};

}  // namespace holdfast::cli
