#include "cli/signalled_run.h"

#include <csignal>
#include <utility>

#include "runtime/log.h"

namespace holdfast::cli {

SignalledRun::SignalledRun(boost::asio::io_context& io, std::string who, Hooks hooks)
    : io_(io), who_(std::move(who)), hooks_(std::move(hooks)), signals_(io, SIGINT, SIGTERM), hangups_(io, SIGHUP) {
    std::signal(SIGPIPE, SIG_IGN);
}

int SignalledRun::run() {
    await_signal();
    await_hangup();
    if (const auto started = hooks_.start(); !started) fail(started.error());
    io_.run();
    return static_cast<int>(code_);
}

void SignalledRun::fail(const Error& error) {
    log::error(who_, "{}", error.message());
    code_ = ExitCode::failed;
    stop();
}

void SignalledRun::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        log::info(who_, "signal {}: ending; once more ends at once", signal);
        // The default disposition is back, so that an impatient second signal is obeyed by the kernel.
        signals_.clear();
        stop();
    });
}

void SignalledRun::await_hangup() {
    hangups_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        log::info(who_, "SIGHUP: reading the settings again");
        hooks_.reload();
        await_hangup();
    });
}

void SignalledRun::stop() {
    signals_.clear();
    hangups_.cancel();
    hooks_.stop([this] { io_.stop(); });
}

}  // namespace holdfast::cli
