#pragma once
// What a connection keeps between accept and CONNACK, and not a moment longer: the CONNECT (a next candidate may need it
// again), what came behind it, the route's candidates, the trace, and since when it waits for an active node.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "fleet/planner.h"
#include "mqtt/connect_view.h"
#include "proxy/connection.h"

namespace holdfast::proxy {

struct Connection::Handshake {
    /// The CONNECT as far as it has come; exactly the packet once `view` is set.
    ByteBuffer connect;
    /// Points into `connect`.
    std::optional<mqtt::ConnectView> view;
    std::optional<mqtt::Version> version;
    /// Bytes behind the CONNECT, for the node that accepts it.
    ByteBuffer held;
    /// The device has sent its last byte: what is held is all that there will be.
    bool device_ended = false;
    /// The node's first packets, while they come in pieces.
    ByteBuffer greeting;
    /// Bytes in front of `greeting` that have gone to the device already.
    std::size_t greeting_passed = 0;

    fleet::Plan plan;
    std::size_t candidate = 0;
    /// A node has taken part in an AUTH exchange; no other can be tried.
    bool committed = false;
    Time asked_at{};
    Time attempt_at{};
    std::uint64_t entropy = 0;
    std::string source;
    std::string assigned_id;

    /// From the first time on that it had to wait for an active node.
    struct Wait {
        fleet::ClusterIndex cluster;
        Time since{};
        Time until{};
        /// What had been tried before.
        fleet::Trace before;
        /// Last seen failing: it is not told of once more.
        fleet::NodeIndex failed;
    };
    std::unique_ptr<Wait> wait;

    fleet::RefuseReason refused = fleet::RefuseReason::none;
    mqtt::RefusalReason answer = mqtt::RefusalReason::unspecified;
};

/// The credentials that a CONNECT presents; views into its bytes.
[[nodiscard]] fleet::Credentials credentials_of(const mqtt::ConnectView& connect, std::string_view source);

}  // namespace holdfast::proxy
