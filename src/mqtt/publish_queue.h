#pragma once
// The outgoing QoS 1 and 2 publishes of one client session, in the order in which they were given, from the command to the last
// acknowledgement (MQTT5 4.3, 4.4, 4.6). Knows states and identifiers; what is sent when is the session's business.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "mqtt/packet_id_set.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

struct HeldPublish {
    enum class State : std::uint8_t {
        /// Not sent yet, no identifier.
        waiting,
        /// Was sent on an earlier connection, is to be sent again with DUP.
        resend,
        /// PUBLISH was sent on this connection; PUBACK or PUBREC is due.
        published,
        /// PUBREC came on an earlier connection; PUBREL is to be sent again.
        resend_release,
        /// PUBREL was sent on this connection; PUBCOMP is due.
        released,
        /// Ended; the slot is reused.
        done,
    };

    std::uint64_t ticket = 0;
    /// The encoded PUBLISH; the identifier is filled in when it is sent first. Dropped at PUBREC.
    ByteBuffer packet;
    /// Where in `packet` the identifier stands.
    std::uint32_t packet_id_offset = 0;
    std::uint16_t packet_id = 0;
    QoS qos = QoS::at_least_once;
    bool retain = false;
    /// Counts against the receive maximum of this connection.
    bool counted = false;
    State state = State::waiting;
};

class PublishQueue {
public:
    /// Adds at the end.
    void push(HeldPublish publish);

    /// Publishes not done.
    [[nodiscard]] std::size_t size() const noexcept { return live_; }
    /// Those that count against the receive maximum.
    [[nodiscard]] std::size_t inflight() const noexcept { return inflight_; }

    /// The publish in flight with this identifier.
    [[nodiscard]] HeldPublish* find(std::uint16_t packet_id) noexcept;
    /// The first that is to be sent (waiting, resend, resend_release), in order; null when none.
    [[nodiscard]] HeldPublish* next_to_send() noexcept;
    /// The first that has an identifier, i.e. was sent at some time; null when none.
    [[nodiscard]] HeldPublish* first_sent() noexcept;
    [[nodiscard]] bool uses(std::uint16_t packet_id) const noexcept { return ids_.contains(packet_id); }

    /// A waiting publish goes out for the first time under this identifier.
    void assign(HeldPublish& publish, std::uint16_t packet_id);
    /// It is on the wire of this connection and counts.
    void count(HeldPublish& publish) noexcept;
    /// It no longer counts.
    void uncount(HeldPublish& publish) noexcept;
    /// It has ended; invalidates pointers.
    void finish(HeldPublish& publish);

    /// The connection is gone: what was sent is to be sent again.
    void connection_lost() noexcept;

private:
    void trim();

    /// Live ones from `head_` on, with done ones between them.
    std::vector<HeldPublish> publishes_;
    std::size_t head_ = 0;
    /// Nothing before this index is to be sent.
    std::size_t next_ = 0;
    std::size_t live_ = 0;
    std::size_t inflight_ = 0;
    PacketIdSet ids_;
};

}  // namespace holdfast::mqtt
