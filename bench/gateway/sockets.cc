#include "sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace holdfast::bench {
namespace {

// Deep enough that a storm waits in the queue; the kernel cuts it to net.core.somaxconn.
constexpr int listen_backlog = 65535;

void set_option(int fd, int level, int name, int value) {
    if (setsockopt(fd, level, name, &value, sizeof value) != 0) fail("setsockopt");
}

std::string system_congestion_control() {
    std::string name(16, '\0');
    const int fd = open("/proc/sys/net/ipv4/tcp_congestion_control", O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? 0 : read(fd, name.data(), name.size());
    if (fd >= 0) close(fd);
    name.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!name.empty() && name.back() == '\n')
        name.pop_back();
    return name;
}

void apply_congestion_control(int fd) {
    // Costs a call per socket, so not when it changes nothing.
    static const bool is_default = system_congestion_control() == congestion_control();
    if (is_default) return;
    const std::string& name = congestion_control();
    // A refusal is not fatal: the driver prints which one is in force.
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size()));
}

sockaddr_in loopback(std::uint32_t address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(address);
    return result;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void fail(std::string_view what) {
    std::fprintf(stderr, "holdfast bench: %.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
    std::exit(2);
}

void fail_plain(std::string_view what) {
    std::fprintf(stderr, "holdfast bench: %.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(2);
}

void tie_to_parent() {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
}

const std::string& congestion_control() {
    static const std::string name = [] {
        const char* wanted = std::getenv("HF_BENCH_CONGESTION");
        return std::string(wanted != nullptr ? wanted : "cubic");
    }();
    return name;
}

int listen_on(std::uint16_t port, bool shared) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    // Accepted sockets inherit both options from the listener.
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    apply_congestion_control(fd);
    const sockaddr_in address = loopback(INADDR_LOOPBACK, port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("bind to port " + std::to_string(port));
    }
    if (listen(fd, listen_backlog) != 0) fail("listen");
    return fd;
}

int accept_from(int listener) {
    return accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int start_connect(std::uint16_t port, unsigned source) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    apply_congestion_control(fd);
    if (source != 0) {
        set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        const sockaddr_in from = loopback(0x7f000100U + source, 0);
        if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) fail("bind to a source address");
    }
    const sockaddr_in to = loopback(INADDR_LOOPBACK, port);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void watch(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void rewatch(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl");
}

int make_epoll() {
    const int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) fail("epoll_create1");
    return fd;
}

std::vector<std::uint16_t> parse_ports(std::string_view text) {
    std::vector<std::uint16_t> ports;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view word = text.substr(0, comma);
        std::uint16_t port = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
        if (error != std::errc{} || end != word.data() + word.size() || port == 0) {
            fail_plain("not a port number: " + std::string(word));
        }
        ports.push_back(port);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return ports;
}

std::int64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace holdfast::bench
