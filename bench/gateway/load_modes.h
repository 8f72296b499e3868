// The measurements of the load generator, one function each. All of them follow the same steps: prepare, report
// `ready`, wait for the driver, do the work, report `done` with the figures, wait for the driver, end.
#pragma once

#include "load_options.h"

namespace holdfast::bench {

/// connect, CONNECT, CONNACK, close: `count` times, `connections` of them under way at once.
void run_connect(const LoadOptions& options);

/// `connections` idle sessions. Their ids have been seen once before `ready`, so that what grows afterwards belongs
/// to the connections. Steps: ready, held, closed.
void run_hold(const LoadOptions& options);

/// `connections` clients arrive at the same moment and stay.
void run_storm(const LoadOptions& options);

/// Echo in a closed loop: each of `connections` has one message of `size` bytes under way, until `count` messages
/// have passed the proxy. Each echo counts as two: one up, one down.
void run_relay(const LoadOptions& options);

/// `count` messages of `size` bytes in all go up over `connections` as fast as they are taken; nothing comes back
/// but one answer at the end of each connection.
void run_stream(const LoadOptions& options);

/// `rate` messages a second, evenly spaced, going round `connections`, for `seconds`. With `echo` they come back
/// and count twice, and their round trips are timed.
void run_paced(const LoadOptions& options);

/// One client, one message under way, `count` echoes; reports the round trip's distribution.
void run_ping(const LoadOptions& options);

/// `connections` client ids ask twice which node they are on; reports how many got two different answers.
void run_sticky(const LoadOptions& options);

}  // namespace holdfast::bench
