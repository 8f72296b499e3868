#pragma once
// What a channel can say about itself, for health and metrics.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "command/state.h"

namespace holdfast::channel {

constexpr std::size_t reason_count = static_cast<std::size_t>(command::Reason::not_encodable) + 1;

struct NodeStatus {
    std::string name = {};
    bool connected = false;      ///< its session is up, and it listens for replies
    std::size_t in_flight = 0;   ///< published, and not acknowledged by the node
    std::size_t waiting = 0;     ///< for room, or for the session
    std::string sentence = {};   ///< while not connected: why not
    std::uint64_t sessions = 0;  ///< since the start
};

/// Since the start.
struct ChannelCounts {
    std::uint64_t requests = 0;
    std::uint64_t repeated_requests = 0;                    ///< of them the same attempt once more: not published again
    std::uint64_t malformed = 0;                            ///< requests that cannot be read
    std::uint64_t sent = 0;                                 ///< taken by the node
    std::uint64_t unclear = 0;                              ///< published, and the node's answer did not come
    std::array<std::uint64_t, reason_count> not_sent = {};  ///< by command::Reason
    std::uint64_t replies = 0;                              ///< last words that were passed on
    std::uint64_t acknowledgements = 0;                     ///< "I have it" of devices that was passed on
    std::uint64_t repeated_replies = 0;                     ///< said before, not passed on again
    std::uint64_t unknown_replies = 0;                      ///< passed on to every centre, as the request is not remembered
    std::uint64_t unmatched = 0;                            ///< for nobody: dropped
    std::uint64_t wrong_device = 0;                         ///< on another device's topic: dropped
    std::uint64_t unreadable = 0;                           ///< no id, too large, or not the topic of the device's profile
    std::uint64_t reports_lost = 0;                         ///< not passed on, because the queue took nothing for too long
};

struct ChannelStatus {
    std::string cluster = {};
    bool ok = true;
    std::string sentence = {};  ///< while not ok: what is wrong, and what helps
    std::vector<NodeStatus> nodes = {};
    std::size_t under_way = 0;        ///< requests
    std::size_t known = 0;            ///< requests remembered
    std::size_t reports_waiting = 0;  ///< for the queue
    ChannelCounts counts = {};
};

}  // namespace holdfast::channel
