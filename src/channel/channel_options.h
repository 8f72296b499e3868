#pragma once
// What a channel is told when it is made.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"

namespace holdfast::channel {

/// How a channel's sessions with the nodes behave.
struct SessionOptions {
    /// For people who look at a node's clients, whose ids are `holdfast-channel-<cluster>-<node>-<instance>-<random>`.
    std::string instance = "1";
    std::string username = {};  ///< sent when not empty
    std::string password = {};
    std::uint16_t max_in_flight = 64;  ///< publishes to one node that it has not acknowledged; its Receive Maximum may lower it
    std::uint16_t keep_alive = 10;     ///< seconds
    Duration connect_timeout = std::chrono::seconds(5);  ///< for the TCP connection and for CONNACK, each
    Duration pong_timeout = std::chrono::seconds(5);
    /// Full jitter: the n-th pause is evenly from 0 to min(longest, first * 2^(n-1)).
    Duration backoff_first = std::chrono::milliseconds(100);
    Duration backoff_longest = std::chrono::seconds(10);
};

struct ChannelOptions {
    std::string cluster = {};
    SessionOptions session = {};
    /// Requests under way at a time: published and not acknowledged by the node, waiting for room or for a session.
    std::size_t window = 256;
    /// How long after the loss of a node's session requests wait for its return, before they are given back at once.
    Duration connect_grace = std::chrono::seconds(1);
    /// How long a request waits for room in the node's flow control.
    Duration room_timeout = std::chrono::seconds(2);
    /// How long a node may take for its PUBACK before the centre is told that it is not known what became of the request.
    Duration puback_timeout = std::chrono::seconds(2);
    /// Requests remembered, so that replies find their centre and repetitions are known.
    std::size_t max_known = 100'000;
    /// Reports that wait for the queue while it takes none.
    std::size_t max_reports = 20'000;
    /// Replies to requests that are not remembered go to every centre; so many a second at most.
    double unknown_replies_per_second = 1000;
};

/// The centres that there are, for replies to requests of before a restart.
using Centres = std::function<std::vector<std::string>()>;

}  // namespace holdfast::channel
