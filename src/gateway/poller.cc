#include "gateway/poller.h"

#include <fmt/format.h>

#include <cerrno>

#include "gateway/errors.h"

namespace holdfast::gateway {

namespace {
constexpr std::size_t events_per_wait = 512;
constexpr std::uint32_t edge_events = EPOLLIN | EPOLLRDHUP | EPOLLET;

bool add(int epoll, int descriptor, std::uint64_t tag, std::uint32_t events) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    return ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}
}  // namespace

Poller::Poller(Descriptor epoll) : epoll_(std::move(epoll)), events_(events_per_wait) {
    ready_.reserve(events_per_wait);
}

Result<Poller> Poller::create() {
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail(Errc::no_resources, fmt::format("cannot make an epoll instance: {}", system_message(errno)));
    return Poller(std::move(epoll));
}

bool Poller::add_edge(int descriptor, std::uint64_t tag, bool writing) noexcept {
    return add(epoll_.get(), descriptor, tag, edge_events | (writing ? std::uint32_t{EPOLLOUT} : 0U));
}

void Poller::add_writing(int descriptor, std::uint64_t tag) noexcept {
    epoll_event event{};
    event.events = edge_events | EPOLLOUT;
    event.data.u64 = tag;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

bool Poller::add_level(int descriptor, std::uint64_t tag) noexcept {
    return add(epoll_.get(), descriptor, tag, EPOLLIN);
}

void Poller::set_level(int descriptor, std::uint64_t tag, bool listening) noexcept {
    epoll_event event{};
    event.events = listening ? std::uint32_t{EPOLLIN} : 0U;
    event.data.u64 = tag;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

std::span<const Readiness> Poller::wait(Duration timeout) noexcept {
    int milliseconds = -1;
    if (timeout >= Duration::zero()) {
        milliseconds = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
    }
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
    ready_.clear();
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events_[static_cast<std::size_t>(i)];
        const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
        const bool ended = broken || (event.events & EPOLLRDHUP) != 0;
        ready_.push_back({.tag = event.data.u64,
                          .readable = ended || (event.events & EPOLLIN) != 0,
                          .writable = broken || (event.events & EPOLLOUT) != 0,
                          .ended = ended,
                          .broken = broken});
    }
    return ready_;
}

}  // namespace holdfast::gateway
