#include "simulate/run_simulation.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <string>

#include "net/tcp.h"
#include "simulate/report.h"
#include "simulate/simulation.h"

namespace holdfast::simulate {
namespace {

class Progress {
public:
    Progress(const Options& options, std::FILE* out) : options_(options), out_(out), terminal_(::isatty(::fileno(out)) == 1) {}

    void show(const Tally& tally, Duration elapsed) {
        std::string line = progress_line(options_, before_, tally, elapsed - before_elapsed_, elapsed);
        before_ = tally;
        before_elapsed_ = elapsed;
        if (!terminal_) {
            fmt::print(out_, "{}\n", line);
        } else {
            line.resize(std::min(line.size(), width()));
            fmt::print(out_, "\r\x1b[K{}", line);
        }
        std::fflush(out_);
    }
    void end() {
        if (terminal_) fmt::print(out_, "\r\x1b[K");
    }

private:
    [[nodiscard]] std::size_t width() const {
        constexpr std::size_t usual = 80;
        winsize size{};
        if (::ioctl(::fileno(out_), TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return usual - 1;
        return size.ws_col - 1U;
    }

    const Options& options_;
    std::FILE* out_;
    bool terminal_;
    Tally before_;
    Duration before_elapsed_{};
};

}  // namespace

int run_simulation(const Options& options, std::FILE* out) {
    constexpr int bad_usage = 2;
    if (const auto problem = problem_with(options); !problem.empty()) {
        fmt::print(stderr, "holdfast simulate: {}\n", problem);
        return bad_usage;
    }
    net::IoContext io(1);
    Progress progress(options, out);
    Simulation simulation(io, options, [&](const Tally& tally, Duration elapsed) { progress.show(tally, elapsed); });
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    std::function<void()> on_signal = [&] {
        signals.async_wait([&](const net::ErrorCode& error, int) {
            if (error) return;
            simulation.stop();
            on_signal();
        });
    };
    on_signal();
    simulation.start([&] { signals.cancel(); });
    io.run();
    progress.end();
    const Tally& tally = simulation.tally();
    fmt::print(out, "{}", summary(options, tally, simulation.elapsed()));
    return tally.connects == 0 || tally.lost > 0 ? 1 : 0;
}

}  // namespace holdfast::simulate
