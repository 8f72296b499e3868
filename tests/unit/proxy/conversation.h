#pragma once
// One proxied connection between peers that a test plays, in simulated time. It does what the machine's actions say, as the
// gateway's links do, keeps what each peer got, and holds every action against what a connection promises at all times:
//
//  - no byte goes to a side that is not connected or was told to close;
//  - a connection is reported at most once as opened and never as both opened and refused;
//  - whoever is told of, is told with its handshake given back.
//
// Words of a peer that is not connected (any more) fall into the void, as they would on a network.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "fleet/snapshot.h"
#include "packets.h"
#include "proxy/connection.h"

namespace holdfast::proxy::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A cluster "east" of that many nodes that are up.
[[nodiscard]] fleet::Snapshot fleet_of(std::size_t nodes);

struct Circumstances {
    std::size_t nodes = 4;
    /// Its first node is active, the others stand by.
    bool standby = false;
    Limits limits = {};
    Admission admission = Admission::admitted;
    bool rate_ok = true;
    std::uint64_t entropy = 0;
};

/// One side as its peer sees it.
struct Peer {
    enum class State : std::uint8_t {
        connecting,
        open,
        /// The gateway has sent its last byte and waits for the peer to close.
        half_closed,
        closed,
    };
    State state = State::connecting;
    /// Closed without waiting for what was under way.
    bool cut = false;
    ByteBuffer got;
    fleet::NodeIndex node;

    [[nodiscard]] bool open() const noexcept { return state == State::open; }
    /// The gateway has ended it.
    [[nodiscard]] bool ended() const noexcept { return state == State::half_closed || state == State::closed; }
};

class Conversation {
public:
    explicit Conversation(const Circumstances& circumstances = {});

    // The device's part.
    void device_says(ByteView bytes);
    /// The same in pieces of that size.
    void device_says_in_pieces(ByteView bytes, std::size_t size);
    void device_closes();
    void device_breaks();

    // The part of the node that the gateway is connecting or connected to.
    void node_connects();
    void node_refuses();
    void node_is_unreachable();
    void node_says(ByteView bytes);
    void node_says_in_pieces(ByteView bytes, std::size_t size);
    void node_closes();
    void node_breaks();

    // The world's part.
    void end(EndReason reason);
    /// Everybody is told of a new topology.
    void the_topology_is(const std::function<void(fleet::Topology& topology)>& change);
    void node_is_down(std::uint32_t node);
    void node_is_active(std::uint32_t node);
    void no_node_is_active();
    /// The device is disabled, as far as a new plan can tell.
    void enrolment_is_closed();
    void passes(Duration time);
    /// Long enough for every deadline there is.
    void all_time_passes() { passes(std::chrono::hours(1)); }

    /// The conversation up to an accepting CONNACK, which is not counted in what anybody got.
    void is_established(Version version, std::uint16_t keep_alive = 0);

    [[nodiscard]] const Peer& device() const noexcept { return device_; }
    /// Connections to nodes, in the order in which they were tried.
    [[nodiscard]] const std::vector<Peer>& nodes() const noexcept { return nodes_; }
    [[nodiscard]] const Peer& node() const { return nodes_.back(); }
    [[nodiscard]] bool opened() const noexcept { return opened_.has_value(); }
    [[nodiscard]] bool refused() const noexcept { return refused_.has_value(); }
    [[nodiscard]] fleet::RefuseReason refuse_reason() const { return refused_.value().refused; }
    [[nodiscard]] fleet::RefuseReason refuse_reason_if_any() const {
        return refused_ ? refused_->refused : fleet::RefuseReason::none;
    }
    [[nodiscard]] const Connection::Story& story() const { return opened_ ? *opened_ : refused_.value(); }
    /// Not served yet, and not refused.
    [[nodiscard]] bool waits() const noexcept { return connection_.phase() == Phase::waiting; }
    [[nodiscard]] int plans() const noexcept { return plans_; }
    [[nodiscard]] std::vector<fleet::NodeIndex> troubles() const { return troubles_; }
    [[nodiscard]] std::vector<std::string> trace() const;
    /// Both sides are ended.
    [[nodiscard]] bool over() const noexcept;
    [[nodiscard]] const Connection& connection() const noexcept { return connection_; }
    [[nodiscard]] Time now() const noexcept { return now_; }
    [[nodiscard]] Limits& limits() noexcept { return circumstances_.limits; }

private:
    void act(Actions actions);
    void send(Peer* peer, const std::array<ByteView, 2>& pieces, const char* name);
    void close(Peer& peer, Close how);
    void take_report(Report report);
    [[nodiscard]] Peer* present_node() noexcept;
    [[nodiscard]] bool destroyed() const noexcept;

    Circumstances circumstances_;
    fleet::Snapshot snapshot_;
    Time now_{std::chrono::hours(1)};
    Connection connection_;
    Peer device_;
    std::vector<Peer> nodes_;
    std::optional<Connection::Story> opened_;
    std::optional<Connection::Story> refused_;
    std::vector<fleet::NodeIndex> troubles_;
    int plans_ = 0;
};

}  // namespace holdfast::proxy::test
