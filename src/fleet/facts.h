#pragma once
// What data-plane threads tell the control thread about each connection. They are the cost of a CONNECT on the way back, so
// they are flat and moved, not copied. One thread's facts arrive in the order in which they happened; facts of different
// threads in any order, which is why they carry their own times.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "fleet/ids.h"
#include "fleet/refusal.h"
#include "fleet/trace.h"

namespace holdfast::fleet {

/// A node accepted a CONNECT (CONNACK 0x00 was relayed).
struct Opened {
    ConnectionId connection = {};
    std::string device = {};  ///< Plan::device_id(); empty when not persistent
    NodeIndex node = {};      ///< that accepted
    NodeIndex first = {};     ///< the plan's first candidate; another than `node` when that one failed
    ClusterIndex cluster = {};
    RouteKind kind = RouteKind::hash;  ///< of the candidate that accepted
    bool enrolled_now = false;         ///< Plan::enrolled_now
    ClusterIndex home = {};            ///< Plan::home
    std::uint8_t mqtt_version = 0;     ///< 3, 4 or 5
    std::string source = {};           ///< address and port, for people
    std::string username = {};         ///< for people; never a password
    Time asked_at{};                   ///< when its CONNECT had been read
    Time at{};                         ///< when the CONNACK had been read
    WallTime wall{};
    Trace trace = {};
};

/// An opened connection ended. Sent for each Opened, exactly once.
struct Closed {
    ConnectionId connection = {};
    std::uint8_t reason = 0;            ///< the proxy's end reason
    std::string_view reason_text = {};  ///< its name; static text
    bool by_node = false;               ///< the node hung up or sent DISCONNECT
    std::uint64_t messages_up = 0;      ///< packets from the device
    std::uint64_t messages_down = 0;
    std::uint64_t bytes_up = 0;
    std::uint64_t bytes_down = 0;
    Time at{};
    WallTime wall{};
};

/// A CONNECT came to nothing.
struct Refused {
    std::string device = {};  ///< may be empty
    std::string source = {};
    std::string username = {};
    std::uint8_t mqtt_version = 0;  ///< 0: unknown
    RefuseReason reason = RefuseReason::none;
    Time at{};
    WallTime wall{};
    Trace trace = {};
};

/// A gateway could not get through to a node. Asks for a probe at once; never marks the node by itself.
struct NodeTrouble {
    NodeIndex node = {};
    Time at{};
};

/// The device acknowledged a PUBLISH that the gateway was asked to follow because its topic is one on
/// which commands go; never changes the fleet.
struct Acknowledged {
    ConnectionId connection = {};
    std::string topic = {};  ///< of the PUBLISH
    Time at{};
    WallTime wall{};
};

using Fact = std::variant<Opened, Closed, Refused, NodeTrouble, Acknowledged>;

}  // namespace holdfast::fleet
