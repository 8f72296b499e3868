// hf_bench_backend: a light MQTT server for measurements. It accepts everybody, answers CONNECT, SUBSCRIBE and
// PINGREQ, sends publishes on an echo topic back to their sender, and counts the rest away.
//
//   hf_bench_backend --ports 2001,2002,2003,2004
//
// One thread, one epoll set, one listener per port; each port is one node. Prints `ready` when it listens.
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

constexpr std::size_t scratch_size = 256 * 1024;
// A client that does not read its echoes is closed at this much.
constexpr std::size_t max_unsent = 8 * 1024 * 1024;
// The longest packet that is kept until it is whole; a longer one that needs an answer ends the connection.
constexpr std::size_t max_packet = 1024 * 1024;
// From here on the kernel throws the rest of a publish away without copying it, so that a stream finds the proxy at
// its limit and not the node.
constexpr std::size_t discard_from = 4096;
constexpr std::size_t bulk_read_size = 512;
constexpr int max_bulk_reads_per_event = 64;
constexpr int max_accepts_per_turn = 256;
constexpr int max_events = 512;

struct Connection {
    std::string partial;   // the start of a packet whose end has not come
    std::string unsent;    // answers that the socket did not take
    std::size_t skip = 0;  // bytes of a publish nobody needs
    Version version = Version::v3_1_1;
    std::uint8_t node = 0;
    bool connected = false;
    bool bulk = false;  // the last packet was long and nobody needed it, so the next one probably is too
};

class Backend {
public:
    explicit Backend(const std::vector<std::uint16_t>& ports);
    [[noreturn]] void run();

private:
    void accept_all(std::size_t node);
    void on_event(int fd, std::uint32_t events);
    void end(int fd);
    bool receive(int fd, Connection& connection);
    bool take(Connection& connection, std::span<const char> bytes);
    std::size_t take_packets(Connection& connection, std::span<const char> bytes, bool& alive);
    bool answer(Connection& connection, std::span<const char> packet, const FixedHeader& header);
    bool answer_publish(Connection& connection, std::span<const char> packet, const FixedHeader& header);
    bool send_answers(int fd, Connection& connection);
    bool send_unsent(int fd, Connection& connection);

    int epoll_ = make_epoll();
    std::vector<int> listeners_;
    std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
    std::string answers_;                                   // of the connection being served
    std::vector<char> scratch_ = std::vector<char>(scratch_size);
};

Backend::Backend(const std::vector<std::uint16_t>& ports) {
    for (const std::uint16_t port : ports) {
        const int fd = listen_on(port, false);
        listeners_.push_back(fd);
        watch(epoll_, fd, EPOLLIN, static_cast<std::uint64_t>(fd));
    }
}

void Backend::run() {
    std::array<epoll_event, max_events> events{};
    while (true) {
        const int count = epoll_wait(epoll_, events.data(), max_events, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; ++i) {
            const int fd = static_cast<int>(events[static_cast<std::size_t>(i)].data.u64);
            std::size_t node = 0;
            while (node < listeners_.size() && listeners_[node] != fd)
                ++node;
            if (node < listeners_.size()) {
                accept_all(node);
            } else {
                on_event(fd, events[static_cast<std::size_t>(i)].events);
            }
        }
    }
}

void Backend::accept_all(std::size_t node) {
    for (int i = 0; i < max_accepts_per_turn; ++i) {
        const int fd = accept_from(listeners_[node]);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) fail("accept: the backend itself is out of descriptors");
            return;
        }
        if (connections_.size() <= static_cast<std::size_t>(fd)) connections_.resize(static_cast<std::size_t>(fd) + 1);
        auto connection = std::make_unique<Connection>();
        connection->node = static_cast<std::uint8_t>(node);
        connections_[static_cast<std::size_t>(fd)] = std::move(connection);
        watch(epoll_, fd, EPOLLIN | EPOLLRDHUP, static_cast<std::uint64_t>(fd));
    }
}

void Backend::on_event(int fd, std::uint32_t events) {
    Connection* connection = connections_[static_cast<std::size_t>(fd)].get();
    if (connection == nullptr) return;
    bool alive = true;
    if ((events & EPOLLOUT) != 0) alive = send_unsent(fd, *connection);
    if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0) alive = receive(fd, *connection);
    if (!alive) end(fd);
}

void Backend::end(int fd) {
    connections_[static_cast<std::size_t>(fd)].reset();
    close(fd);
}

bool Backend::receive(int fd, Connection& connection) {
    for (int i = 0; i < max_bulk_reads_per_event; ++i) {
        const bool discard = connection.skip >= discard_from;
        const std::size_t wanted = discard ? connection.skip : connection.bulk ? bulk_read_size : scratch_.size();
        const ssize_t size = recv(fd, discard ? nullptr : scratch_.data(), wanted, discard ? MSG_TRUNC : 0);
        if (size < 0) return errno == EAGAIN || errno == EINTR;
        if (size == 0) return false;
        if (discard) {
            connection.skip -= static_cast<std::size_t>(size);
            continue;
        }
        answers_.clear();
        if (!take(connection, std::span<const char>(scratch_.data(), static_cast<std::size_t>(size)))) return false;
        if (!send_answers(fd, connection)) return false;
        if (!connection.bulk) return true;
    }
    return true;
}

bool Backend::take(Connection& connection, std::span<const char> bytes) {
    const std::size_t skipped = std::min(connection.skip, bytes.size());
    connection.skip -= skipped;
    bytes = bytes.subspan(skipped);
    if (bytes.empty()) return true;
    bool alive = true;
    if (connection.partial.empty()) {
        const std::size_t taken = take_packets(connection, bytes, alive);
        connection.partial.assign(bytes.data() + taken, bytes.size() - taken);
    } else {
        std::string joined = std::move(connection.partial);
        joined.append(bytes.data(), bytes.size());
        const std::size_t taken = take_packets(connection, joined, alive);
        joined.erase(0, taken);
        connection.partial = std::move(joined);
    }
    return alive && connection.partial.size() <= max_packet;
}

/// Answers the whole packets at the front of `bytes` and gives back how many bytes are done with.
std::size_t Backend::take_packets(Connection& connection, std::span<const char> bytes, bool& alive) {
    std::size_t at = 0;
    while (alive && at < bytes.size()) {
        const std::span<const char> rest = bytes.subspan(at);
        FixedHeader header{};
        const HeaderState state = read_fixed_header(rest, header);
        if (state == HeaderState::incomplete) break;
        if (state == HeaderState::malformed) {
            alive = false;
            break;
        }
        if (rest.size() < header.packet_size()) {
            const std::size_t topic_at = header.header_size + 2;
            const bool unneeded = header.type_byte == type_publish && rest.size() > topic_at &&
                                  rest[topic_at] != echo_topic_letter && rest[topic_at] != who_topic.front();
            if (unneeded) {
                connection.skip = header.packet_size() - rest.size();
                connection.bulk = connection.skip >= discard_from;
                at = bytes.size();
            }
            break;
        }
        connection.bulk = false;
        alive = answer(connection, rest.first(header.packet_size()), header);
        at += header.packet_size();
    }
    return at;
}

bool Backend::answer(Connection& connection, std::span<const char> packet, const FixedHeader& header) {
    const std::uint8_t type = header.type_byte & 0xF0;
    if (!connection.connected) {
        const std::optional<ConnectFacts> facts = read_connect(packet, header);
        if (!facts) return false;
        connection.connected = true;
        connection.version = facts->version;
        answers_ += make_connack(facts->version);
        return true;
    }
    if (type == type_publish) return answer_publish(connection, packet, header);
    if (type == type_pingreq) {
        answers_ += pingresp_packet;
    } else if ((type == type_subscribe || type == type_unsubscribe) && header.body_size >= 2) {
        // One topic filter per SUBSCRIBE is all that the load generator sends.
        const bool v5 = connection.version == Version::v5;
        const bool codes = type == type_subscribe || v5;
        answers_.push_back(static_cast<char>(type == type_subscribe ? type_suback : type_unsuback));
        answers_.push_back(static_cast<char>(2 + (v5 ? 1 : 0) + (codes ? 1 : 0)));
        answers_.append(packet.data() + header.header_size, 2);
        if (v5) answers_.push_back(0);
        if (codes) answers_.push_back(0);
    }
    return type != type_disconnect;
}

bool Backend::answer_publish(Connection& connection, std::span<const char> packet, const FixedHeader& header) {
    const std::span<const char> body = packet.subspan(header.header_size);
    if (body.size() < 2) return false;
    const std::size_t topic_size =
        static_cast<std::size_t>(static_cast<std::uint8_t>(body[0])) << 8 | static_cast<std::uint8_t>(body[1]);
    const unsigned qos = (header.type_byte >> 1) & 3U;
    if (body.size() < 2 + topic_size + (qos > 0 ? 2 : 0) || qos > 1) return false;
    const std::string_view topic(body.data() + 2, topic_size);
    if (qos == 1) {
        answers_ += std::string_view("\x40\x02", 2);
        answers_.append(body.data() + 2 + topic_size, 2);
    }
    if (topic.starts_with(echo_topic_letter)) {
        answers_.append(packet.data(), packet.size());
    } else if (topic == who_topic) {
        answers_ += make_publish(connection.version, who_topic, std::string(1, static_cast<char>(connection.node)));
    }
    return true;
}

bool Backend::send_answers(int fd, Connection& connection) {
    if (answers_.empty()) return true;
    std::size_t sent = 0;
    if (connection.unsent.empty()) {
        const ssize_t size = send(fd, answers_.data(), answers_.size(), MSG_NOSIGNAL);
        if (size < 0 && errno != EAGAIN) return false;
        if (size > 0) sent = static_cast<std::size_t>(size);
        if (sent == answers_.size()) return true;
        rewatch(epoll_, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP, static_cast<std::uint64_t>(fd));
    }
    connection.unsent.append(answers_, sent);
    return connection.unsent.size() <= max_unsent;
}

bool Backend::send_unsent(int fd, Connection& connection) {
    const ssize_t size = send(fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN;
    connection.unsent.erase(0, static_cast<std::size_t>(size));
    if (connection.unsent.empty()) rewatch(epoll_, fd, EPOLLIN | EPOLLRDHUP, static_cast<std::uint64_t>(fd));
    return true;
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
    using namespace holdfast::bench;
    tie_to_parent();
    if (argc != 3 || std::string_view(argv[1]) != "--ports") fail_plain("usage: hf_bench_backend --ports P[,P...]");
    Backend backend(parse_ports(argv[2]));
    std::puts("ready");
    std::fflush(stdout);
    backend.run();
}
