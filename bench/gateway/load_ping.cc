// The measurements with few messages: the round trip of one client, and whether ids stay on their nodes.
#include <fcntl.h>
#include <sys/time.h>

#include <map>

#include "driver_link.h"
#include "exchange.h"
#include "load_modes.h"
#include "sockets.h"

namespace holdfast::bench {
namespace {

/// Blocking, so that the client's own part of the round trip is the least there is.
void make_blocking(int fd, double timeout_s) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) fail("fcntl");
    timeval limit{};
    limit.tv_sec = static_cast<time_t>(timeout_s);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) fail("setsockopt");
}

std::int64_t echo_once(int fd, std::string_view packet, std::vector<char>& buffer) {
    const std::int64_t start = now_ns();
    if (send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(packet.size())) fail("send");
    std::size_t got = 0;
    while (got < packet.size()) {
        const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
        if (size <= 0) fail("the echo did not come back");
        got += static_cast<std::size_t>(size);
    }
    return now_ns() - start;
}

/// Which node the id is on, asked by a publish that the node answers with its own number.
int ask_node(const LoadOptions& options, std::string_view prefix, std::size_t id) {
    LoadOptions one = options;
    one.id_prefix = prefix;
    one.first_id = id;
    Exchange exchange(open_sessions(one, 1));
    exchange.send_whole(0, make_publish(options.version, who_topic, ""));
    const std::int64_t deadline = now_ns() + static_cast<std::int64_t>(options.timeout * 1e9);
    int node = -1;
    while (node < 0) {
        if (now_ns() > deadline) fail_plain("a node did not say which it is");
        exchange.turn(
            100,
            [&](std::size_t, const WalkedPacket& packet) {
                if (packet.type == type_publish && !packet.prefix.empty()) node = packet.prefix.back();
            },
            [](std::size_t) {}, [] {});
    }
    return node;
}

}  // namespace

void run_ping(const LoadOptions& options) {
    std::vector<Link> links = open_sessions(options, 1);
    const int fd = links.front().fd;
    make_blocking(fd, options.timeout);
    const std::string packet = make_publish(options.version, "echo", std::string(options.size, 'x'));
    std::vector<char> buffer(64 * 1024);
    for (std::size_t i = 0; i < options.count / 10; ++i)
        echo_once(fd, packet, buffer);
    ReportLine("ready").send();
    await_driver();
    std::vector<std::int64_t> round_trips;
    round_trips.reserve(options.count);
    const std::int64_t start = now_ns();
    for (std::size_t i = 0; i < options.count; ++i)
        round_trips.push_back(echo_once(fd, packet, buffer));
    const double seconds = static_cast<double>(now_ns() - start) / 1e9;
    const Times times = describe(round_trips);
    ReportLine("done")
        .add("operations", static_cast<double>(options.count))
        .add("seconds", seconds)
        .add("median_us", times.median)
        .add("mean_us", times.mean)
        .add("p99_us", times.p99)
        .send();
    await_driver();
    close_all(links);
}

void run_sticky(const LoadOptions& options) {
    std::size_t moved = 0;
    std::map<int, std::size_t> used;
    for (std::size_t i = 0; i < options.connections; ++i) {
        const std::size_t id = options.first_id + i;
        const int first = ask_node(options, options.id_prefix, id);
        // Another client in between, so that a round over the nodes is not mistaken for a hash.
        ask_node(options, "other-", id);
        const int second = ask_node(options, options.id_prefix, id);
        ++used[first];
        moved += first != second ? 1 : 0;
    }
    ReportLine("ready").send();
    await_driver();
    ReportLine("done")
        .add("operations", static_cast<double>(options.connections))
        .add("moved", static_cast<double>(moved))
        .add("nodes", static_cast<double>(used.size()))
        .add("seconds", 0)
        .send();
    await_driver();
}

}  // namespace holdfast::bench
