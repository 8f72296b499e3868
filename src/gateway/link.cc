#include "gateway/link.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "gateway/worker.h"

namespace holdfast::gateway {

namespace {
/// Reads from one side in one go before the worker's other links get their turn.
constexpr int reads_per_turn = 8;
/// How soon the keep alive of a device that is not being read is looked at again.
constexpr Duration silence_recheck = std::chrono::seconds(1);

int socket_error(int descriptor) noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}
}  // namespace

Link::Link(Worker& worker, std::uint32_t slot, std::uint32_t generation, Descriptor device, const SocketAddress& source,
           proxy::Admission admission)
    : worker_(worker),
      slot_(slot),
      generation_(generation),
      source_(source),
      admission_(admission),
      connection_(worker.tuning().limits, admission, worker.now()) {
    device_.socket = std::move(device);
}

Link::~Link() {
    worker_.wheel().cancel(timer_);
}

Link& Link::of(WheelTimer& timer) noexcept {
    return static_cast<Timer&>(timer).link;
}

LinkTag Link::tag(bool node_side) const noexcept {
    return {
        .slot = slot_, .generation = generation_, .attempt = node_side ? attempt_ : std::uint8_t{0}, .node_side = node_side};
}

fleet::ConnectionId Link::id() const noexcept {
    return fleet::ConnectionId::make(worker_.index(), (std::uint64_t{generation_} << LinkTag::slot_bits) | slot_);
}

bool Link::start() {
    // The CONNECT is often here already; then the socket is watched only from the next byte on, which saves a wake-up.
    device_.readable = true;
    read_device();
    if (device_.socket && !watch(device_)) return false;
    if (!over()) set_timer();
    return true;
}

bool Link::watch(Side& side) {
    side.watched = true;
    const bool node_side = &side == &node_;
    return worker_.poller().add_edge(side.socket.get(), tag(node_side).pack(), side.watching_writes);
}

void Link::ready(const Readiness& readiness, LinkTag about) {
    if (about.node_side && about.attempt != attempt_) return;
    Side& side = about.node_side ? node_ : device_;
    if (!side.socket) return;
    side.ended |= readiness.ended;
    if (about.node_side && connecting_) {
        if (!readiness.writable && !readiness.ended) return;
        connect_finished(readiness.broken);
        if (about.attempt != attempt_ || !side.socket) return;
    }
    side.readable |= readiness.readable;
    if (readiness.writable) writable(!about.node_side);
    if (about.node_side) {
        read_node();
        if (device_.readable) read_device();
    } else {
        read_device();
        if (node_.readable) read_node();
    }
}

void Link::go_on() {
    read_device();
    read_node();
}

void Link::read_device() {
    if (device_.closing) {
        drain(device_);
    } else {
        pump<true>();
    }
}

void Link::read_node() {
    if (node_.closing) {
        drain(node_);
    } else {
        pump<false>();
    }
}

bool Link::may_read(bool from_device) const noexcept {
    const Side& side = from_device ? device_ : node_;
    if (!side.socket || !side.readable || side.paused || side.closing) return false;
    return from_device ? connection_.wants_device_bytes(worker_.tuning().limits) : !connecting_;
}

template <bool from_device>
void Link::pump() {
    Side& side = from_device ? device_ : node_;
    const std::span<Byte> scratch = worker_.scratch();
    const proxy::Limits& limits = worker_.tuning().limits;
    for (int reads = 0; may_read(from_device); ++reads) {
        if (reads == reads_per_turn) {
            worker_.go_on_later(*this);
            return;
        }
        const ssize_t count = ::recv(side.socket.get(), scratch.data(), scratch.size(), 0);
        if (count > 0) {
            const ByteView bytes = scratch.first(static_cast<std::size_t>(count));
            // A short read has emptied the socket: the next byte makes a new edge. An end that was told already makes none.
            if (bytes.size() < scratch.size() && !side.ended) side.readable = false;
            worker_.count_bytes(from_device, bytes.size());
            act(from_device ? connection_.device_bytes(bytes, limits, worker_.now())
                            : connection_.node_bytes(bytes, limits, worker_.now()));
            if (from_device && connection_.has_acknowledged()) worker_.report_acknowledged(*this);
            continue;
        }
        if (count < 0 && errno == EINTR) continue;
        side.readable = false;
        if (count < 0 && errno == EAGAIN) return;
        const bool broken = count < 0;
        act(from_device ? connection_.device_closed(broken, limits, worker_.now())
                        : connection_.node_closed(broken, limits, worker_.now()));
        return;
    }
}

void Link::drain(Side& side) {
    if (!side.shut) return;
    const std::span<Byte> scratch = worker_.scratch();
    for (int reads = 0; side.socket && side.readable; ++reads) {
        if (reads == reads_per_turn) {
            worker_.go_on_later(*this);
            return;
        }
        const ssize_t count = ::recv(side.socket.get(), scratch.data(), scratch.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            side.readable = false;
            return;
        }
        if (count <= 0) close(side, proxy::Close::at_once);
    }
}

void Link::writable(bool device_side) {
    Side& side = device_side ? device_ : node_;
    if (side.out.pending() == 0 || !side.socket) return;
    side.out.flush(side.socket.get());
    Side& source = device_side ? node_ : device_;
    if (source.paused && side.out.pending() <= worker_.tuning().low_watermark) {
        source.paused = false;
        device_side ? read_node() : read_device();
    }
    continue_closing(side);
}

void Link::connect_finished(bool broken) {
    connecting_ = false;
    const proxy::Limits& limits = worker_.tuning().limits;
    if (!broken) {
        act(connection_.node_connected(limits, worker_.now()));
        return;
    }
    const int error = socket_error(node_.socket.get());
    const auto failure = error == ECONNREFUSED ? proxy::NodeFailure::refused : proxy::NodeFailure::unreachable;
    act(connection_.node_failed(failure, error, limits, worker_.now()));
}

void Link::timer_fired() {
    const auto due = connection_.timer();
    if (device_.paused && connection_.phase() == proxy::Phase::relaying) {
        // A device that is not being read cannot be heard: its silence counts once it is read again.
        worker_.wheel().schedule(timer_, worker_.now() + silence_recheck);
    } else if (due && *due <= worker_.now()) {
        act(connection_.timer_fired(worker_.tuning().limits, worker_.now()));
    } else {
        set_timer();
    }
}

void Link::end(proxy::EndReason reason) {
    act(connection_.end(reason, worker_.tuning().limits, worker_.now()));
}

void Link::topology_changed() {
    act(connection_.topology_changed(*worker_.snapshot().topology, worker_.limits_now(), worker_.now()));
}

void Link::act(proxy::Actions actions) {
    for (;;) {
        std::optional<proxy::Actions> next;
        if (actions.drop_node) {
            close(node_, proxy::Close::at_once);
            connecting_ = false;
        }
        if (actions.trouble.valid()) worker_.report_trouble(actions.trouble);
        if (actions.plan) {
            next = connection_.plan(worker_.snapshot(), source_.host(), worker_.take_connect(), worker_.entropy(),
                                    worker_.limits_now(), worker_.now());
            if (connection_.follows_switches()) worker_.follow_switches(*this);
        }
        if (actions.plan_again) next = connection_.plan_again(worker_.snapshot(), worker_.limits_now(), worker_.now());
        if (actions.waits) worker_.hold(*this);
        if (actions.connect.valid()) next = connect_to(actions.connect);
        send(device_, actions.to_device);
        send(node_, actions.to_node);
        if (actions.close_device != proxy::Close::no) close(device_, actions.close_device);
        if (actions.close_node != proxy::Close::no) close(node_, actions.close_node);
        if (actions.report != proxy::Report::none) report(actions.report);
        if (!next) break;
        actions = *next;
    }
    if (over()) {
        worker_.bury(*this);
    } else {
        set_timer();
    }
}

std::optional<proxy::Actions> Link::connect_to(fleet::NodeIndex index) {
    const fleet::TopologyNode& node = worker_.snapshot().topology->node(index);
    SocketAddress address;
    int error = EHOSTUNREACH;
    ++attempt_;
    node_ = Side{};
    if (socket_address(node.address, node.port, address)) {
        node_.socket = Descriptor(::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        error = errno;
        if (node_.socket) {
            const int on = 1;
            ::setsockopt(node_.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            const bool started = ::connect(node_.socket.get(), &address.any, address.size()) == 0 || errno == EINPROGRESS;
            error = errno;
            if (started) {
                // To a node on this machine the connection stands already.
                socklen_t size = sizeof address.v6;
                const bool connected = ::getpeername(node_.socket.get(), &address.any, &size) == 0;
                node_.watching_writes = connecting_ = !connected;
                if (connected) return connection_.node_connected(worker_.tuning().limits, worker_.now());
                if (watch(node_)) return std::nullopt;
                connecting_ = false;
            }
        }
    }
    node_ = Side{};
    const auto failure = error == ECONNREFUSED ? proxy::NodeFailure::refused : proxy::NodeFailure::unreachable;
    return connection_.node_failed(failure, error, worker_.tuning().limits, worker_.now());
}

void Link::send(Side& side, const std::array<ByteView, 2>& pieces) {
    if (!side.socket) return;
    for (const ByteView piece : pieces) {
        if (!piece.empty()) side.out.send(side.socket.get(), piece);
    }
    const bool device_side = &side == &device_;
    // A node's first bytes were sent before anything was expected from it.
    if (!device_side && !side.watched && !watch(side)) side.ended = side.readable = true;
    if (side.out.pending() == 0) return;
    if (!side.watching_writes) {
        side.watching_writes = true;
        if (side.watched) worker_.poller().add_writing(side.socket.get(), tag(!device_side).pack());
    }
    if (side.out.pending() >= worker_.tuning().high_watermark) {
        Side& source = device_side ? node_ : device_;
        if (!source.paused) worker_.count_pause();
        source.paused = true;
    }
}

void Link::close(Side& side, proxy::Close how) {
    if (!side.socket) return;
    if (how == proxy::Close::after_flush && !side.out.broken()) {
        side.closing = true;
        continue_closing(side);
        return;
    }
    side.socket.reset();
    side.out.clear();
    if (over()) worker_.bury(*this);
}

void Link::continue_closing(Side& side) {
    if (!side.socket || !side.closing || side.shut) return;
    if (side.out.broken()) {
        close(side, proxy::Close::at_once);
        return;
    }
    if (side.out.pending() != 0) return;
    side.shut = true;
    ::shutdown(side.socket.get(), SHUT_WR);
    // Bytes that wait there already make no new edge.
    side.readable = true;
    drain(side);
}

void Link::report(proxy::Report what) {
    if (what == proxy::Report::opened) {
        worker_.report_opened(*this);
    } else {
        worker_.report_refused(*this);
    }
}

void Link::set_timer() {
    const auto due = connection_.timer();
    if (!due) {
        worker_.wheel().cancel(timer_);
    } else if (!timer_.scheduled() || timer_.deadline() > *due) {
        // A timer that fires too early looks again; so traffic never has to move it.
        worker_.wheel().schedule(timer_, *due);
    }
}

}  // namespace holdfast::gateway
