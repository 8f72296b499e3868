#include "arrivals.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sockets.h"

namespace holdfast::bench {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;
constexpr int max_events = 512;
// New connections between two looks at the answers, so that a storm does not leave its first answers waiting.
constexpr int max_starts_per_turn = 64;
constexpr std::size_t sessions_at_once = 64;
constexpr std::uint8_t no_answer_yet = 0xFF;

}  // namespace

Arrivals::Arrivals(const LoadOptions& options) : options_(options), epoll_(make_epoll()), scratch_(scratch_size) {}

Arrivals::~Arrivals() {
    close(epoll_);
}

ArrivalCounts Arrivals::run(const ArrivalPlan& plan) {
    plan_ = plan;
    counts_ = {};
    started_ = 0;
    done_ = 0;
    slots_.assign(plan.at_once, Link{});
    free_slots_.clear();
    for (std::size_t i = plan.at_once; i > 0; --i)
        free_slots_.push_back(i - 1);
    const std::int64_t start = now_ns();
    const std::int64_t deadline = start + static_cast<std::int64_t>(options_.timeout * 1e9);
    last_answer_ = start;
    std::array<epoll_event, max_events> events{};
    while (done_ < plan.total && now_ns() < deadline) {
        for (int i = 0; i < max_starts_per_turn && started_ < plan.total && !free_slots_.empty(); ++i) {
            if (!start_one()) break;
        }
        const bool more_to_start = started_ < plan.total && !free_slots_.empty();
        const int count = epoll_wait(epoll_, events.data(), max_events, more_to_start ? 0 : 100);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            on_event(event.data.u64, event.events);
        }
    }
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        if (slots_[slot].fd < 0) continue;
        ++counts_.unanswered;
        finish(slot);
    }
    counts_.unanswered += plan.total - started_;
    counts_.seconds = static_cast<double>(last_answer_ - start) / 1e9;
    return counts_;
}

bool Arrivals::start_one() {
    const unsigned source = options_.sources == 0 ? 0 : 1 + static_cast<unsigned>(started_ % options_.sources);
    const int fd = start_connect(options_.port, source);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) fail("the load generator itself is out of descriptors");
        ++started_;
        ++done_;
        ++counts_.failed;
        return true;
    }
    const std::size_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = Link{};
    slots_[slot].fd = fd;
    const std::size_t id = plan_.first_id + started_ % plan_.ids;
    ++started_;
    // Loopback connects within the call, so the CONNECT usually goes out at once; if not, it waits for the edge.
    const std::string packet = make_connect(options_.version, options_.id_prefix + std::to_string(id));
    const ssize_t sent = send(fd, packet.data(), packet.size(), MSG_NOSIGNAL);
    slots_[slot].connect_sent = sent == static_cast<ssize_t>(packet.size());
    watch(epoll_, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, slot << 32 | id);
    return true;
}

void Arrivals::on_event(std::size_t tag, std::uint32_t events) {
    const std::size_t slot = tag >> 32;
    Link& link = slots_[slot];
    if (link.fd < 0) return;
    if (!link.connect_sent && (events & EPOLLOUT) != 0) {
        const std::string packet = make_connect(options_.version, options_.id_prefix + std::to_string(tag & 0xFFFFFFFF));
        link.connect_sent = send(link.fd, packet.data(), packet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
        if (!link.connect_sent) events |= EPOLLERR;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
    if (!read_answer(link)) return;
    finish(slot);
}

/// Reads what came; true when the arrival is over. A connection that is kept has left its slot by then.
bool Arrivals::read_answer(Link& link) {
    const ssize_t size = recv(link.fd, scratch_.data(), scratch_.size(), 0);
    if (size < 0 && errno == EAGAIN) return false;
    std::uint8_t type = 0;
    std::uint8_t code = no_answer_yet;
    bool sound = size > 0;
    if (sound) {
        sound = link.walker.feed(std::span<const char>(scratch_.data(), static_cast<std::size_t>(size)),
                                 [&](const WalkedPacket& packet) {
                                     if (type != 0) return;
                                     type = packet.type;
                                     if (packet.prefix.size() >= 2) code = packet.prefix[1];
                                 });
    }
    if (sound && type == 0) return false;
    last_answer_ = now_ns();
    if (sound && type == type_connack && code == 0) {
        ++counts_.answered;
        if (!plan_.keep) return true;
        kept_.push_back(link);
        if (epoll_ctl(epoll_, EPOLL_CTL_DEL, link.fd, nullptr) != 0) fail("epoll_ctl");
        link.fd = -1;
        return true;
    }
    if (sound && type == type_connack) {
        ++counts_.refused;
    } else {
        ++counts_.failed;
    }
    return true;
}

void Arrivals::finish(std::size_t slot) {
    if (slots_[slot].fd >= 0) close(slots_[slot].fd);
    slots_[slot].fd = -1;
    free_slots_.push_back(slot);
    ++done_;
}

std::vector<Link> open_sessions(const LoadOptions& options, std::size_t count) {
    Arrivals arrivals(options);
    const ArrivalCounts counts = arrivals.run({.total = count,
                                               .at_once = std::min(count, sessions_at_once),
                                               .first_id = options.first_id,
                                               .ids = count,
                                               .keep = true});
    if (counts.answered != count) {
        fail_plain("only " + std::to_string(counts.answered) + " of " + std::to_string(count) + " sessions were accepted");
    }
    return std::move(arrivals.kept());
}

void close_all(std::vector<Link>& links) {
    for (Link& link : links) {
        if (link.fd >= 0) close(link.fd);
        link.fd = -1;
    }
    links.clear();
}

}  // namespace holdfast::bench
