// Sockets of the bench tools: non-blocking TCP on IPv4 loopback, with the options that make runs comparable.
//
// The bench tools are the independent peer of the program they measure, so they share no code with it. Every
// function here ends the process with one sentence on standard error when the system refuses something that a
// measurement cannot do without; results that are part of a measurement (a refused connection) are returned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::bench {

/// Prints `holdfast bench: <what>: <errno's text>` and ends the process with status 2.
[[noreturn]] void fail(std::string_view what);

/// Like `fail`, for faults that have no errno.
[[noreturn]] void fail_plain(std::string_view what);

/// Asks the kernel to end this process when its parent ends, and ignores SIGPIPE. Call first in main.
void tie_to_parent();

/// The congestion control set on every socket made here: `cubic`, or what the environment variable
/// HF_BENCH_CONGESTION names. A kernel that lacks it keeps its default.
const std::string& congestion_control();

/// A non-blocking listener on 127.0.0.1:`port`. With `shared`, several processes may listen on the same port.
int listen_on(std::uint16_t port, bool shared);

/// Accepts one connection, non-blocking and with Nagle's algorithm off; -1 and errno when there is none.
int accept_from(int listener);

/// Starts a non-blocking connection to 127.0.0.1:`port`; -1 and errno when it failed at once.
/// `source` 0 leaves the source address to the kernel, n > 0 binds to 127.0.1.n, so that a large number of
/// connections finds enough source ports.
int start_connect(std::uint16_t port, unsigned source);

/// Adds `fd` to the epoll set with the given events and tag.
void watch(int epoll, int fd, std::uint32_t events, std::uint64_t tag);

/// Changes the events of a watched `fd`.
void rewatch(int epoll, int fd, std::uint32_t events, std::uint64_t tag);

/// A new epoll set.
int make_epoll();

/// Parses `1,2,3` as port numbers; ends the process when one of them is none.
std::vector<std::uint16_t> parse_ports(std::string_view text);

/// Nanoseconds of CLOCK_MONOTONIC.
std::int64_t now_ns();

}  // namespace holdfast::bench
