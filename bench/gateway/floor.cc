// hf_bench_floor: the least that a relay choosing its node by the client id can do. It is the floor under the
// measurements: bare epoll, no timers, no limits, no health, no statistics, no allocation while it relays.
//
//   hf_bench_floor --listen 2000 --nodes 2001,2002,2003,2004 [--shared]
//
// With --shared several processes may listen on the same port. Prints `ready` when it listens.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "packets.h"
#include "sockets.h"

namespace holdfast::bench {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;
constexpr std::size_t max_connect_packet = 64 * 1024;
constexpr int max_accepts_per_turn = 64;
constexpr int max_events = 256;
// Reads of one socket per event, so that one loud connection cannot starve the others for long.
constexpr int max_reads_per_event = 16;

// Edge-triggered and for both directions at once: a descriptor is registered once and never changed.
constexpr std::uint32_t all_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/// One direction's end of a connection. Bytes are held only while the other side takes none.
struct Side {
    int fd = -1;
    bool readable = false;              // an edge came and the socket was not read dry
    bool ended = false;                 // its end may lie behind the bytes, so a short read proves nothing
    std::unique_ptr<std::string> held;  // bytes for this side that its socket did not take
};

struct Pair {
    Side client;
    Side node;
};

class Floor {
public:
    Floor(std::uint16_t port, std::vector<std::uint16_t> nodes, bool shared)
        : listener_(listen_on(port, shared)), nodes_(std::move(nodes)) {
        watch(epoll_, listener_, EPOLLIN, static_cast<std::uint64_t>(listener_));
    }
    [[noreturn]] void run();

private:
    void accept_all();
    void on_event(int fd, std::uint32_t events);
    bool collect_connect(Pair& pair);
    bool open_node(Pair& pair, std::string_view client_id, std::span<const char> bytes);
    bool relay(Side& from, Side& to);
    static bool flush(Side& side);
    void attach(int fd, Pair* pair);
    void end(Pair* pair);

    int epoll_ = make_epoll();
    int listener_;
    std::vector<std::uint16_t> nodes_;
    std::vector<Pair*> pairs_;  // by descriptor; both descriptors of a pair point at it
    std::vector<Pair*> ended_;  // freed after the turn, as later events of the turn may name them
    std::vector<char> scratch_ = std::vector<char>(scratch_size);
};

void Floor::run() {
    std::array<epoll_event, max_events> events{};
    while (true) {
        const int count = epoll_wait(epoll_, events.data(), max_events, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        bool arrivals = false;
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const int fd = static_cast<int>(event.data.u64);
            if (fd == listener_) {
                arrivals = true;
            } else {
                on_event(fd, event.events);
            }
        }
        // After the others, so that a descriptor closed in this turn is not given to a newcomer within it.
        if (arrivals) accept_all();
        for (Pair* pair : ended_)
            delete pair;
        ended_.clear();
    }
}

void Floor::accept_all() {
    for (int i = 0; i < max_accepts_per_turn; ++i) {
        const int fd = accept_from(listener_);
        if (fd < 0) return;
        auto* pair = new Pair;
        pair->client.fd = fd;
        attach(fd, pair);
        // A client's CONNECT is often there already.
        if (!collect_connect(*pair)) end(pair);
    }
}

void Floor::attach(int fd, Pair* pair) {
    if (pairs_.size() <= static_cast<std::size_t>(fd)) pairs_.resize(static_cast<std::size_t>(fd) + 1);
    pairs_[static_cast<std::size_t>(fd)] = pair;
    watch(epoll_, fd, all_events, static_cast<std::uint64_t>(fd));
}

void Floor::end(Pair* pair) {
    for (const int fd : {pair->client.fd, pair->node.fd}) {
        if (fd < 0) continue;
        pairs_[static_cast<std::size_t>(fd)] = nullptr;
        close(fd);
    }
    ended_.push_back(pair);
}

void Floor::on_event(int fd, std::uint32_t events) {
    Pair* pair = pairs_[static_cast<std::size_t>(fd)];
    if (pair == nullptr) return;
    const bool of_client = fd == pair->client.fd;
    Side& self = of_client ? pair->client : pair->node;
    Side& peer = of_client ? pair->node : pair->client;
    bool alive = true;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) self.readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) self.ended = true;
    // Before there is a node, what is held for the client is the start of its CONNECT and not to be sent to it.
    if ((events & EPOLLOUT) != 0 && self.held && peer.fd >= 0) {
        alive = flush(self);
        if (alive && !self.held && peer.readable) alive = relay(peer, self);
    }
    if (alive && self.readable) {
        if (peer.fd < 0) {
            alive = collect_connect(*pair);
        } else if (!peer.held) {
            alive = relay(self, peer);
        }
    }
    if (!alive) end(pair);
}

/// Takes what came of the CONNECT. Nearly always it is whole; the start of one that is not waits in `client.held`.
bool Floor::collect_connect(Pair& pair) {
    const ssize_t size = recv(pair.client.fd, scratch_.data(), scratch_.size(), 0);
    if (size < 0) {
        pair.client.readable = false;
        return errno == EAGAIN;
    }
    if (size == 0) return false;
    pair.client.readable = pair.client.ended || static_cast<std::size_t>(size) == scratch_.size();
    std::span<const char> bytes(scratch_.data(), static_cast<std::size_t>(size));
    std::string joined;
    if (pair.client.held) {
        joined = std::move(*pair.client.held);
        joined.append(bytes.data(), bytes.size());
        bytes = joined;
        pair.client.held.reset();
    }
    FixedHeader header{};
    const HeaderState state = read_fixed_header(bytes, header);
    if (state == HeaderState::malformed || static_cast<std::uint8_t>(bytes[0]) != type_connect) return false;
    if (state == HeaderState::complete && header.packet_size() > max_connect_packet) return false;
    if (state == HeaderState::incomplete || bytes.size() < header.packet_size()) {
        pair.client.held = std::make_unique<std::string>(bytes.data(), bytes.size());
        return true;
    }
    const std::optional<ConnectFacts> facts = read_connect(bytes, header);
    return facts && open_node(pair, facts->client_id, bytes);
}

/// Connects to the node that the client id falls on, and sends it the bytes. Loopback connects within the call, so
/// they usually go out at once; if not, the first writable edge finds them.
bool Floor::open_node(Pair& pair, std::string_view client_id, std::span<const char> bytes) {
    const std::size_t node = std::hash<std::string_view>{}(client_id) % nodes_.size();
    const int fd = start_connect(nodes_[node], 0);
    if (fd < 0) return false;
    pair.node.fd = fd;
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    const std::span<const char> rest = bytes.subspan(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    if (!rest.empty()) pair.node.held = std::make_unique<std::string>(rest.data(), rest.size());
    attach(fd, &pair);
    return true;
}

/// Moves bytes until `from` has none or `to` takes none; false when the pair is to end.
bool Floor::relay(Side& from, Side& to) {
    for (int i = 0; i < max_reads_per_event; ++i) {
        const ssize_t size = recv(from.fd, scratch_.data(), scratch_.size(), 0);
        if (size == 0) return false;
        if (size < 0) {
            from.readable = false;
            return errno == EAGAIN;
        }
        const ssize_t sent = send(to.fd, scratch_.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent < size) {
            const std::size_t start = sent > 0 ? static_cast<std::size_t>(sent) : 0;
            to.held = std::make_unique<std::string>(scratch_.data() + start, static_cast<std::size_t>(size) - start);
            return true;
        }
        if (static_cast<std::size_t>(size) < scratch_.size() && !from.ended) {
            from.readable = false;
            return true;
        }
    }
    // More is there, but an edge will not come again by itself.
    rewatch(epoll_, from.fd, all_events, static_cast<std::uint64_t>(from.fd));
    return true;
}

bool Floor::flush(Side& side) {
    const ssize_t sent = send(side.fd, side.held->data(), side.held->size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    if (static_cast<std::size_t>(sent) == side.held->size()) {
        side.held.reset();
    } else {
        side.held->erase(0, static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
    using namespace holdfast::bench;
    tie_to_parent();
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    const bool shared = words.size() == 5 && words[4] == "--shared";
    if ((words.size() != 4 && !shared) || words[0] != "--listen" || words[2] != "--nodes") {
        fail_plain("usage: hf_bench_floor --listen PORT --nodes P[,P...] [--shared]");
    }
    const std::vector<std::uint16_t> listen = parse_ports(words[1]);
    std::vector<std::uint16_t> nodes = parse_ports(words[3]);
    if (listen.size() != 1 || nodes.empty()) fail_plain("one port to listen on and at least one node are needed");
    Floor floor(listen.front(), std::move(nodes), shared);
    std::puts("ready");
    std::fflush(stdout);
    floor.run();
}
