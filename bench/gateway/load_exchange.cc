// The measurements in which messages pass: relay, stream, paced.
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "driver_link.h"
#include "exchange.h"
#include "load_modes.h"
#include "sockets.h"

namespace holdfast::bench {
namespace {

// The driver's own time-out is longer, so that what failed here is told by the process that knows it.
std::int64_t deadline_of(const LoadOptions& options) {
    return now_ns() + static_cast<std::int64_t>(options.timeout * 1e9);
}

std::string message(const LoadOptions& options, std::string_view topic) {
    return make_publish(options.version, topic, std::string(options.size, 'x'));
}

/// Goes round with one message under way on each link until `goal` echoes are back.
void echo_rounds(Exchange& exchange, std::string_view packet, std::size_t goal, std::int64_t deadline) {
    std::size_t sent = 0;
    std::size_t back = 0;
    for (std::size_t i = 0; i < exchange.size() && sent < goal; ++i, ++sent)
        exchange.send_whole(i, packet);
    while (back < goal) {
        if (now_ns() > deadline) fail_plain("the echoes did not come back in time");
        exchange.turn(
            100,
            [&](std::size_t link, const WalkedPacket& got) {
                if (got.type != type_publish) return;
                ++back;
                if (sent == goal) return;
                ++sent;
                exchange.send_whole(link, packet);
            },
            [](std::size_t) {}, [] {});
    }
}

/// What one link of a stream has sent: whole messages again and again from one block of several of them.
class StreamProgress {
public:
    StreamProgress(std::size_t links, std::size_t bytes_per_link) : left_(links, bytes_per_link), unfinished_(links) {}

    bool finished() const { return unfinished_ == 0; }

    /// Sends one block's worth at most, and stops wanting to write when the link has sent all.
    void send_more(Exchange& exchange, std::size_t link, std::string_view block, std::size_t total) {
        if (left_[link] == 0) return;
        const std::size_t at = (total - left_[link]) % block.size();
        const std::size_t size = std::min(block.size() - at, left_[link]);
        left_[link] -= exchange.send_some(link, block.substr(at, size));
        if (left_[link] > 0) return;
        --unfinished_;
        exchange.want(link, 0);
    }

private:
    std::vector<std::size_t> left_;
    std::size_t unfinished_;
};

void stream_all(Exchange& exchange, std::string_view packet, std::size_t per_link, std::int64_t deadline) {
    constexpr std::size_t messages_per_block = 16;
    std::string block;
    for (std::size_t i = 0; i < messages_per_block; ++i)
        block += packet;
    const std::size_t total = per_link * packet.size();
    StreamProgress progress(exchange.size(), total);
    for (std::size_t i = 0; i < exchange.size(); ++i)
        exchange.want(i, EPOLLOUT);
    while (!progress.finished()) {
        if (now_ns() > deadline) fail_plain("the stream was not taken in time");
        exchange.turn(
            100, [](std::size_t, const WalkedPacket&) {},
            [&](std::size_t link) { progress.send_more(exchange, link, block, total); }, [] {});
    }
    exchange.drain(static_cast<double>(deadline - now_ns()) / 1e9);
}

int make_ticks(double per_second) {
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) fail("timerfd_create");
    itimerspec period{};
    period.it_interval.tv_nsec = static_cast<long>(1e9 / per_second);
    period.it_value = period.it_interval;
    if (timerfd_settime(fd, 0, &period, nullptr) != 0) fail("timerfd_settime");
    return fd;
}

struct PacedCounts {
    std::size_t sent = 0;
    std::size_t back = 0;
    std::size_t late = 0;  // messages whose link still waited for its last echo
    std::vector<std::int64_t> round_trips;
};

/// A tick a message. Ticks missed while this process was not running are made up for at once.
PacedCounts pace(Exchange& exchange, std::string_view packet, const LoadOptions& options, double seconds) {
    const int ticks = make_ticks(options.rate);
    exchange.watch_other(ticks);
    PacedCounts counts;
    std::vector<std::int64_t> sent_at(exchange.size(), 0);
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    const std::int64_t give_up = end + static_cast<std::int64_t>(options.timeout * 1e9);
    std::size_t next = 0;
    bool sending = true;
    while (sending || (options.echo && counts.back < counts.sent)) {
        if (now_ns() > give_up) fail_plain("the echoes did not come back in time");
        exchange.turn(
            100,
            [&](std::size_t link, const WalkedPacket& got) {
                if (got.type != type_publish) return;
                ++counts.back;
                counts.round_trips.push_back(now_ns() - sent_at[link]);
                sent_at[link] = 0;
            },
            [](std::size_t) {},
            [&] {
                std::uint64_t due = 0;
                if (read(ticks, &due, sizeof due) != sizeof due) return;
                for (; due > 0 && sending; --due) {
                    if (sent_at[next] != 0 && options.echo) ++counts.late;
                    sent_at[next] = now_ns();
                    exchange.send_whole(next, packet);
                    next = (next + 1) % exchange.size();
                    ++counts.sent;
                    sending = sent_at[next == 0 ? exchange.size() - 1 : next - 1] < end;
                }
            });
    }
    close(ticks);
    return counts;
}

}  // namespace

void run_relay(const LoadOptions& options) {
    Exchange exchange(open_sessions(options, options.connections));
    const std::string packet = message(options, "echo");
    const std::size_t echoes = options.count / 2;
    const std::int64_t deadline = deadline_of(options);
    echo_rounds(exchange, packet, echoes / 10, deadline);
    ReportLine("ready").send();
    await_driver();
    const std::int64_t start = now_ns();
    echo_rounds(exchange, packet, echoes, deadline);
    const double seconds = static_cast<double>(now_ns() - start) / 1e9;
    ReportLine("done").add("operations", static_cast<double>(2 * echoes)).add("seconds", seconds).send();
    await_driver();
}

void run_stream(const LoadOptions& options) {
    Exchange exchange(open_sessions(options, options.connections));
    const std::string packet = message(options, "data");
    const std::size_t per_link = std::max<std::size_t>(1, options.count / exchange.size());
    const std::int64_t deadline = deadline_of(options);
    stream_all(exchange, packet, per_link / 10 + 1, deadline);
    ReportLine("ready").send();
    await_driver();
    const std::int64_t start = now_ns();
    stream_all(exchange, packet, per_link, deadline);
    const double seconds = static_cast<double>(now_ns() - start) / 1e9;
    ReportLine("done").add("operations", static_cast<double>(per_link * exchange.size())).add("seconds", seconds).send();
    await_driver();
}

void run_paced(const LoadOptions& options) {
    if (options.rate <= 0 || options.seconds <= 0) fail_plain("paced needs --rate and --seconds");
    Exchange exchange(open_sessions(options, options.connections));
    const std::string packet = message(options, options.echo ? "echo" : "data");
    pace(exchange, packet, options, std::min(1.0, options.seconds));
    exchange.drain(options.timeout);
    ReportLine("ready").send();
    await_driver();
    const std::int64_t start = now_ns();
    PacedCounts counts = pace(exchange, packet, options, options.seconds);
    exchange.drain(options.timeout);
    const double seconds = static_cast<double>(now_ns() - start) / 1e9;
    const Times times = describe(counts.round_trips);
    ReportLine("done")
        .add("operations", static_cast<double>(counts.sent + counts.back))
        .add("seconds", seconds)
        .add("late", static_cast<double>(counts.late))
        .add("median_us", times.median)
        .add("p99_us", times.p99)
        .send();
    await_driver();
}

}  // namespace holdfast::bench
