#pragma once
// Who is connected where, now. One entry per open connection; a device's newest one (by the time of its CONNECT) is its current
// one. As every connection has its own id, the late end of an older connection never removes a newer one. About 150 bytes a
// connection.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/facts.h"
#include "fleet/ids.h"

namespace holdfast::fleet {

/// One open connection. Text is valid until presence next changes.
struct PresentConnection {
    ConnectionId connection = {};
    std::string_view device = {};  ///< empty: anonymous
    NodeIndex node = {};
    ClusterIndex cluster = {};
    RouteKind kind = RouteKind::hash;
    bool current = false;  ///< the device's newest (an anonymous one is always current)
    bool ending = false;   ///< was ordered to end
    std::uint8_t mqtt_version = 0;
    Time at{};
    WallTime since{};
    std::string_view source = {};
    std::string_view username = {};
};

class Presence {
public:
    Presence();
    ~Presence();
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    struct OpenResult {
        bool current = true;      ///< false: a newer connection of the same device is already known
        ConnectionId other = {};  ///< the device's other open connection: the older one if current, else the newer
        NodeIndex other_node = {};
        bool takeover = false;               ///< its CONNECT came while another connection of the device was open
        std::string_view other_source = {};  ///< of the one taken over, valid until the next change
    };
    OpenResult opened(const Opened& fact);

    struct CloseResult {
        bool found = false;
        bool was_current = false;
        NodeIndex node = {};
        ClusterIndex cluster = {};
        std::string device = {};  ///< empty: anonymous
    };
    CloseResult closed(const Closed& fact);

    /// Marks a connection as ordered to end; false when it is not open or was marked before.
    bool mark_ending(ConnectionId connection) noexcept;

    [[nodiscard]] std::optional<PresentConnection> find(std::string_view device) const;
    [[nodiscard]] std::optional<PresentConnection> find(ConnectionId connection) const;

    [[nodiscard]] std::size_t size() const noexcept;       ///< open connections
    [[nodiscard]] std::size_t anonymous() const noexcept;  ///< of them without identity
    [[nodiscard]] std::size_t count_on(NodeIndex node) const noexcept;
    [[nodiscard]] std::vector<ConnectionId> connections_on(NodeIndex node) const;

    /// Connections in a stable order from position `cursor` on, at most `limit`; returns the next position, 0 when that was
    /// all.
    std::uint64_t page(std::uint64_t cursor, std::size_t limit, std::vector<PresentConnection>& out) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::fleet
