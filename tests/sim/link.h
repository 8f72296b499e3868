#pragma once
// The simulated counterpart of gateway/link.cc: one proxied connection on two wires. It tells the connection machine what
// happens and does what it says, in the same order.

#include <cstdint>
#include <memory>
#include <optional>

#include "proxy/connection.h"
#include "world.h"

namespace holdfast::sim {

class DataPlane;

class Link {
public:
    Link(World& world, DataPlane& plane, fleet::ConnectionId id, const std::shared_ptr<Wire>& device, std::string source);
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void end(proxy::EndReason reason);
    void topology_changed();
    /// Its process is killed.
    void die();

    [[nodiscard]] fleet::ConnectionId id() const noexcept { return id_; }
    [[nodiscard]] const std::string& source() const noexcept { return source_; }
    [[nodiscard]] proxy::Connection& connection() noexcept { return connection_; }
    [[nodiscard]] const proxy::Connection& connection() const noexcept { return connection_; }
    [[nodiscard]] bool over() const noexcept { return !device_.wire && !node_.wire; }
    /// Opened and not told to end.
    [[nodiscard]] bool relaying() const noexcept { return connection_.phase() == proxy::Phase::relaying; }

    /// The wires of the device and of the last node, also after the end: for checkers.
    [[nodiscard]] const std::shared_ptr<Wire>& device_wire() const noexcept { return device_.last; }
    [[nodiscard]] const std::shared_ptr<Wire>& node_wire() const noexcept { return node_.last; }
    /// When it had to wait for packet boundaries at its parting; nothing when it had not.
    [[nodiscard]] std::optional<Time> parting_since() const noexcept { return parting_since_; }
    [[nodiscard]] WireUser& device_user() noexcept { return device_; }

private:
    struct End final : WireUser {
        End(Link& owner, Side which, bool is_device) : link(owner), side(which), device(is_device) {}
        void wire_open(Wire&) override { link.node_open(); }
        void wire_failed(Wire&, bool refused) override { link.node_failed(refused); }
        void wire_bytes(Wire&, ByteView bytes) override { link.bytes(*this, bytes); }
        void wire_ended(Wire&, bool broken) override { link.ended(*this, broken); }

        Link& link;
        Side side;
        bool device;
        std::shared_ptr<Wire> wire;
        std::shared_ptr<Wire> last;
        /// Told to close after what is pending; waits for the other side's end.
        bool closing = false;
    };

    void node_open();
    void node_failed(bool refused);
    void bytes(End& end, ByteView bytes);
    void ended(End& end, bool broken);
    void act(proxy::Actions actions);
    void send(End& end, const std::array<ByteView, 2>& pieces);
    void close(End& end, proxy::Close how);
    void set_timer();

    World& world_;
    DataPlane& plane_;
    fleet::ConnectionId id_;
    std::string source_;
    proxy::Connection connection_;
    End device_;
    End node_;
    std::optional<Time> timer_;
    std::optional<Time> parting_since_;
};

}  // namespace holdfast::sim
