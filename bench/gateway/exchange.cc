#include "exchange.h"

#include <unistd.h>

#include <algorithm>
#include <numeric>

namespace holdfast::bench {
namespace {

constexpr std::size_t scratch_size = 256 * 1024;

}  // namespace

Times describe(std::vector<std::int64_t>& nanoseconds) {
    if (nanoseconds.empty()) return {};
    std::sort(nanoseconds.begin(), nanoseconds.end());
    const auto at = [&](double share) {
        const auto last = static_cast<double>(nanoseconds.size() - 1);
        return static_cast<double>(nanoseconds[static_cast<std::size_t>(share * last)]) / 1e3;
    };
    const double sum = std::accumulate(nanoseconds.begin(), nanoseconds.end(), 0.0);
    return {at(0.5), sum / static_cast<double>(nanoseconds.size()) / 1e3, at(0.99), at(1.0)};
}

Exchange::Exchange(std::vector<Link> links) : links_(std::move(links)), epoll_(make_epoll()), scratch_(scratch_size) {
    for (std::size_t i = 0; i < links_.size(); ++i)
        watch(epoll_, links_[i].fd, EPOLLIN, i);
}

Exchange::~Exchange() {
    close_all(links_);
    close(epoll_);
}

void Exchange::send_whole(std::size_t link, std::string_view packet) {
    if (send_some(link, packet) != packet.size()) fail_plain("a small message did not fit into its socket");
}

std::size_t Exchange::send_some(std::size_t link, std::string_view bytes) {
    const ssize_t sent = send(links_[link].fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail("send");
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void Exchange::want(std::size_t link, std::uint32_t events) {
    rewatch(epoll_, links_[link].fd, EPOLLIN | events, link);
}

void Exchange::watch_other(int fd) {
    watch(epoll_, fd, EPOLLIN, other_tag);
}

std::span<const char> Exchange::receive(std::size_t link) {
    const ssize_t size = recv(links_[link].fd, scratch_.data(), scratch_.size(), 0);
    if (size == 0) fail_plain("the proxy closed a connection in the middle of a measurement");
    if (size < 0 && errno != EAGAIN) fail("recv");
    return {scratch_.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
}

void Exchange::drain(double timeout_s) {
    const std::int64_t deadline = now_ns() + static_cast<std::int64_t>(timeout_s * 1e9);
    std::size_t answers = 0;
    for (std::size_t i = 0; i < links_.size(); ++i)
        send_whole(i, pingreq_packet);
    while (answers < links_.size()) {
        if (now_ns() > deadline) fail_plain("not every connection answered its PINGREQ in time");
        turn(
            100, [&](std::size_t, const WalkedPacket& packet) { answers += packet.type == type_pingresp ? 1 : 0; },
            [](std::size_t) {}, [] {});
    }
}

}  // namespace holdfast::bench
