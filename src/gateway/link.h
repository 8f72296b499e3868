#pragma once
// One proxied connection's two sockets. It tells the connection machine (proxy/connection.h) what happens on them and does what
// the machine says; it decides nothing but how much to buffer.
//
// Flow control: what one side sends goes to the other side's socket at once. Only what the kernel does not take is kept; from
// the high watermark on the sender is not read any more, until the buffer is below the low watermark again. So a slow reader
// slows its sender down through TCP itself, and costs at most high watermark + one read.

#include <cstdint>
#include <optional>

#include "base/timer_wheel.h"
#include "fleet/ids.h"
#include "gateway/descriptor.h"
#include "gateway/listener.h"
#include "gateway/outgoing.h"
#include "gateway/poller.h"
#include "proxy/connection.h"

namespace holdfast::gateway {

class Worker;

/// Which of a link's sockets a readiness is about, and which connection to a node (a late word about an earlier one is
/// ignored).
struct LinkTag {
    static constexpr unsigned slot_bits = 24;
    static constexpr unsigned generation_bits = 24;

    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    std::uint8_t attempt = 0;
    bool node_side = false;

    [[nodiscard]] std::uint64_t pack() const noexcept {
        return (((std::uint64_t{generation} << slot_bits) | slot) << 9) | (std::uint64_t{attempt} << 1) | (node_side ? 1U : 0U);
    }
    [[nodiscard]] static LinkTag unpack(std::uint64_t tag) noexcept {
        return {.slot = static_cast<std::uint32_t>(tag >> 9) & ((1U << slot_bits) - 1),
                .generation = static_cast<std::uint32_t>(tag >> (9 + slot_bits)) & ((1U << generation_bits) - 1),
                .attempt = static_cast<std::uint8_t>(tag >> 1),
                .node_side = (tag & 1U) != 0};
    }
};

/// Threads: its worker's only. Owned by the worker's slots.
class Link {
public:
    Link(Worker& worker, std::uint32_t slot, std::uint32_t generation, Descriptor device, const SocketAddress& source,
         proxy::Admission admission);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// False when the device's socket cannot be watched; the link is then over.
    [[nodiscard]] bool start();

    void ready(const Readiness& readiness, LinkTag tag);
    void timer_fired();
    void end(proxy::EndReason reason);
    void topology_changed();
    /// Goes on reading where the worker's patience for one link ended.
    void go_on();

    /// Both sockets are closed: the worker may destroy it.
    [[nodiscard]] bool over() const noexcept { return !device_.socket && !node_.socket; }

    [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
    [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }
    [[nodiscard]] fleet::ConnectionId id() const noexcept;
    [[nodiscard]] const SocketAddress& source() const noexcept { return source_; }
    [[nodiscard]] proxy::Admission admission() const noexcept { return admission_; }
    [[nodiscard]] proxy::Connection& connection() noexcept { return connection_; }
    [[nodiscard]] std::size_t buffered() const noexcept { return device_.out.pending() + node_.out.pending(); }

    /// The link that `timer` belongs to.
    [[nodiscard]] static Link& of(WheelTimer& timer) noexcept;

    /// In the worker's lists; theirs to use.
    bool waiting_to_go_on = false;
    bool buried = false;
    bool held = false;
    static constexpr std::uint32_t no_follower = 0xFFFF'FFFF;
    std::uint32_t follower_number = no_follower;

private:
    struct Side {
        Descriptor socket;
        Outgoing out;
        /// An edge told of bytes that were not read yet.
        bool readable = false;
        /// The other side has sent its last byte: read until the end shows.
        bool ended = false;
        /// The poller knows it.
        bool watched = false;
        /// Writing edges are asked for.
        bool watching_writes = false;
        /// Send what is pending, then end the stream, then wait for the other side's end.
        bool closing = false;
        bool shut = false;
        /// Not read because the other side is over its high watermark.
        bool paused = false;
    };

    void read_device();
    void read_node();
    template <bool from_device>
    void pump();
    void drain(Side& side);
    [[nodiscard]] bool may_read(bool from_device) const noexcept;
    void writable(bool device_side);
    void connect_finished(bool broken);

    void act(proxy::Actions actions);
    [[nodiscard]] std::optional<proxy::Actions> connect_to(fleet::NodeIndex node);
    void send(Side& side, const std::array<ByteView, 2>& bytes);
    void close(Side& side, proxy::Close how);
    void continue_closing(Side& side);
    [[nodiscard]] bool watch(Side& side);
    void report(proxy::Report what);
    void set_timer();
    [[nodiscard]] LinkTag tag(bool node_side) const noexcept;

    Worker& worker_;
    std::uint32_t slot_;
    std::uint32_t generation_;
    SocketAddress source_;
    proxy::Admission admission_;
    std::uint8_t attempt_ = 0;
    bool connecting_ = false;
    proxy::Connection connection_;
    Side device_;
    Side node_;
    struct Timer final : WheelTimer {
        explicit Timer(Link& owner) : link(owner) {}
        Link& link;
    };
    Timer timer_{*this};
};

}  // namespace holdfast::gateway
