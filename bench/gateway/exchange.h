// Sessions that exchange messages: one epoll set over links that are already accepted.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "arrivals.h"
#include "sockets.h"

namespace holdfast::bench {

/// The distribution of a list of times, in microseconds.
struct Times {
    double median = 0;
    double mean = 0;
    double p99 = 0;
    double max = 0;
};

/// Sorts `nanoseconds` and describes it; zeros when it is empty.
Times describe(std::vector<std::int64_t>& nanoseconds);

class Exchange {
public:
    explicit Exchange(std::vector<Link> links);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    std::size_t size() const { return links_.size(); }

    /// Sends a whole packet that the socket has room for; ends the process when it has not, as the figures would lie.
    void send_whole(std::size_t link, std::string_view packet);

    /// Sends what the socket takes and gives back how much that was.
    std::size_t send_some(std::size_t link, std::string_view bytes);

    /// Watches the link for `events` besides EPOLLIN.
    void want(std::size_t link, std::uint32_t events);

    /// Also wakes up for `fd`, and calls the `on_other` of `turn` then.
    void watch_other(int fd);

    /// Waits at most `wait_ms` and serves what is ready: `on_packet(link, packet)`, `on_writable(link)`, `on_other()`.
    template <class OnPacket, class OnWritable, class OnOther>
    void turn(int wait_ms, OnPacket&& on_packet, OnWritable&& on_writable, OnOther&& on_other);

    /// Sends a PINGREQ on every link and waits for all answers, so that everything sent before has passed the proxy.
    /// Ends the process when `timeout_s` passes first.
    void drain(double timeout_s);

private:
    static constexpr std::uint64_t other_tag = ~0ULL;
    std::span<const char> receive(std::size_t link);

    std::vector<Link> links_;
    int epoll_;
    std::vector<char> scratch_;
};

template <class OnPacket, class OnWritable, class OnOther>
void Exchange::turn(int wait_ms, OnPacket&& on_packet, OnWritable&& on_writable, OnOther&& on_other) {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == other_tag) {
            on_other();
            continue;
        }
        const std::size_t link = event.data.u64;
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            const bool sound =
                links_[link].walker.feed(receive(link), [&](const WalkedPacket& packet) { on_packet(link, packet); });
            if (!sound) fail_plain("the proxy sent something that is not MQTT");
        }
        if ((event.events & EPOLLOUT) != 0) on_writable(link);
    }
}

}  // namespace holdfast::bench
