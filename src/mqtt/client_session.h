#pragma once
// An MQTT client as a machine: the whole life of one client over any number of connections, without a socket or a clock.
// Probes, the simulator, channels and the device SDK are adapters around it.
//
// Bytes, commands and the time go in. Out come bytes to send (the outbox), events, the next time at which it wants to be asked
// again
// (`next_timer`) and whether the connection should be closed (`wants_close`). An adapter does this:
//
//     connection is up:   session.transport_opened(now)
//     bytes have come:    while (auto event = session.receive(bytes, now)) ...;
//     timer fired:        if (auto event = session.tick(now)) ...;
//     connection is gone: if (auto event = session.transport_closed(now)) ...;
//     after each of them, and after commands: write outbox(), tell sent(n), ask next_timer(); when wants_close() and the outbox
//     is empty, close the connection and call transport_closed.
//
// Publishes with QoS 1 and 2 outlive a connection: they wait while there is none, and are sent again with DUP when the server
// still has the session. Each one ends in exactly one event, Acknowledged or PublishFailed. Everything held is bounded by the
// options.
//
// Threads: none; a session belongs to one thread at a time.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "mqtt/codec.h"
#include "mqtt/connack_view.h"
#include "mqtt/framer.h"
#include "mqtt/packet_id_set.h"
#include "mqtt/packets.h"
#include "mqtt/publish_queue.h"
#include "mqtt/publish_view.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

struct ClientOptions {
    /// What to say in CONNECT: version, client id, credentials, will, keep alive, clean start, properties. Receive Maximum,
    /// Maximum Packet Size and Topic Alias Maximum of its properties are kept by the session towards the server.
    Connect connect{};
    /// Longest wait for CONNACK after `transport_opened`; zero or less = no limit.
    Duration connect_timeout = std::chrono::seconds(10);
    /// Longest wait for PINGRESP; zero or less = no limit.
    Duration pong_timeout = std::chrono::seconds(10);
    /// Publishes with QoS 1 and 2 that may be unacknowledged at a time; the server's Receive Maximum can only lower it.
    std::uint16_t max_inflight = 64;
    /// Publishes with QoS 1 and 2 that may be held in all, in flight and waiting.
    std::uint32_t max_held = 256;
    /// QoS 0 publishes are refused while the outbox holds more than this many bytes, and `wants_read` turns false.
    std::size_t max_outbox = 1024 * 1024;
    /// The largest packet taken from the server, bytes. v5 servers are told so when the CONNECT properties do not say it
    /// themselves and this is not the protocol's own maximum.
    std::uint32_t max_packet_size = mqtt::max_packet_size;
    /// QoS 2 messages from the server that may be between PUBLISH and PUBREL (3.x; v5 uses Receive Maximum).
    std::uint16_t max_inbound_exactly_once = 1024;
};

/// Says which publish an event is about; unique within a session, never 0.
using PublishTicket = std::uint64_t;

/// A message to publish. Views are read during the call only.
struct PublishRequest {
    std::string_view topic{};
    ByteView payload{};
    QoS qos = QoS::at_most_once;
    bool retain = false;
    /// v5 only; without Topic Alias and Subscription Identifier.
    const PublishProperties* properties = nullptr;
};

/// Why a connection, or the try to make one, ended.
enum class DisconnectCause : std::uint8_t {
    /// The connection broke or was closed by the server without a word.
    transport_closed,
    /// `disconnect` was called.
    requested,
    /// The server sent DISCONNECT (v5).
    server_disconnect,
    connect_timeout,
    pong_timeout,
    /// The server broke the protocol; the sentence says how.
    protocol_error,
};
[[nodiscard]] std::string_view name(DisconnectCause cause) noexcept;

/// Why a publish will not be acknowledged.
enum class PublishFailure : std::uint8_t {
    /// The server answered with a failure (v5); `reason` is its code. The message was not taken.
    rejected,
    /// It was sent, and the server no longer has the session: it may or may not have been taken.
    session_lost,
    /// The server that was connected to later does not take it: too large, or QoS or retain not offered. It was not sent.
    not_acceptable,
};
[[nodiscard]] std::string_view name(PublishFailure failure) noexcept;

/// The events. Views are valid until the next call of the session.
namespace client_event {

/// CONNACK with success.
struct Connected {
    ConnackView connack{};
    /// Seconds between packets that hold now; 0 = none.
    std::uint16_t keep_alive;
};
/// CONNACK with a failure. The connection is to be closed.
struct Refused {
    ConnackView connack{};
};
/// A message. QoS 1 and 2 are acknowledged by the session; QoS 2 messages come once.
struct Received {
    /// Topic aliases are already resolved.
    PublishView message;
};
/// A publish with QoS 1 or 2 is done. In v5 `reason` may be no_matching_subscribers.
struct Acknowledged {
    PublishTicket ticket;
    ReasonCode reason;
};
struct PublishFailed {
    PublishTicket ticket;
    PublishFailure failure;
    ReasonCode reason;
};
/// Answer to `subscribe`; one code per filter.
struct Subscribed {
    std::uint16_t packet_id;
    std::span<const ReasonCode> codes;
};
/// Answer to `unsubscribe`; one code per filter in v5, none in 3.x.
struct Unsubscribed {
    std::uint16_t packet_id;
    std::span<const ReasonCode> codes;
};
/// PINGRESP, whoever asked for it; `round_trip` since the PINGREQ.
struct Pong {
    Duration round_trip;
};
/// AUTH from the server (v5): answer with `authenticate`.
struct Authentication {
    ReasonCode reason;
    std::string_view method{};
    ByteView data{};
};
/// The connection is over, or is to be closed (`wants_close`). Comes once for each `transport_opened`, unless Refused came.
/// Answers to subscribe, unsubscribe and ping that are still due will not come.
struct Disconnected {
    DisconnectCause cause;
    /// The server's code, or the one that the server was told.
    ReasonCode reason;
    /// A sentence for a person.
    std::string_view sentence{};
    /// Where to go instead (server_disconnect); empty when not said.
    std::string_view server_reference{};
};

}  // namespace client_event

using ClientEvent =
    std::variant<client_event::Connected, client_event::Refused, client_event::Received, client_event::Acknowledged,
                 client_event::PublishFailed, client_event::Subscribed, client_event::Unsubscribed, client_event::Pong,
                 client_event::Authentication, client_event::Disconnected>;

class ClientSession {
public:
    enum class State : std::uint8_t {
        /// No connection.
        offline,
        /// CONNECT was sent, CONNACK has not come.
        connecting,
        connected,
        /// Over: nothing is read any more, the outbox may hold last words.
        closing,
    };

    explicit ClientSession(ClientOptions options);

    // The connection.

    /// A connection is up: puts CONNECT into the outbox. Only when offline. An error (the options cannot be encoded) leaves it
    /// offline.
    [[nodiscard]] Result<> transport_opened(Time now);
    /// Takes bytes from the front of `input` up to the next event, or all of them. Call until nothing comes back.
    [[nodiscard]] std::optional<ClientEvent> receive(ByteView& input, Time now);
    /// The connection is gone. Only when not offline.
    [[nodiscard]] std::optional<ClientEvent> transport_closed(Time now);
    /// Does what is due at `now`; harmless when nothing is.
    [[nodiscard]] std::optional<ClientEvent> tick(Time now);
    /// When to call `tick` next; may be in the past.
    [[nodiscard]] std::optional<Time> next_timer() const noexcept;

    /// Bytes to send; valid until the next call of the session.
    [[nodiscard]] ByteView outbox() const noexcept { return ByteView(outbox_).subspan(outbox_sent_); }
    /// The first `count` bytes of the outbox were sent.
    void sent(std::size_t count) noexcept;
    /// False while the outbox is over its limit: do not read from the connection, so that a server that does not read cannot
    /// fill it.
    [[nodiscard]] bool wants_read() const noexcept { return outbox().size() <= options_.max_outbox; }
    /// True when the connection is to be closed after the outbox is written.
    [[nodiscard]] bool wants_close() const noexcept { return state_ == State::closing; }

    // Commands. None of them gives an event itself. Errors: not_connected, queue_full, no_packet_id, not_supported_by_server,
    // bad_topic, and what encode refuses.

    /// Publishes. QoS 0 needs a connection and is forgotten at once; its ticket comes in no event. QoS 1 and 2 may be given at
    /// any time.
    [[nodiscard]] Result<PublishTicket> publish(const PublishRequest& request, Time now);
    /// Subscribes; returns the packet id that the answer will carry.
    [[nodiscard]] Result<std::uint16_t> subscribe(std::span<const Subscription> subscriptions, Time now,
                                                  const SubscribeProperties& properties = {});
    [[nodiscard]] Result<std::uint16_t> unsubscribe(std::span<const std::string> filters, Time now);
    /// Sends PINGREQ now, unless one is already under way.
    [[nodiscard]] Result<> ping(Time now);
    /// Answers or starts an authentication (v5, with an authentication method in CONNECT).
    [[nodiscard]] Result<> authenticate(ReasonCode reason, ByteView data, Time now);
    /// Says goodbye: DISCONNECT into the outbox, then `wants_close`. Without effect when offline or closing. `session_expiry`:
    /// seconds, v5.
    void disconnect(Time now, ReasonCode reason = ReasonCode::normal_disconnection,
                    std::optional<std::uint32_t> session_expiry = std::nullopt);

    // Looking in.

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool is_connected() const noexcept { return state_ == State::connected; }
    [[nodiscard]] Version version() const noexcept { return options_.connect.version; }
    /// The client id in use; a server's assigned one after it was told.
    [[nodiscard]] const std::string& client_id() const noexcept { return options_.connect.client_id; }
    /// Publishes with QoS 1 and 2 that are not done.
    [[nodiscard]] std::size_t held() const noexcept { return publishes_.size(); }
    /// Those of them that were sent on this connection.
    [[nodiscard]] std::size_t inflight() const noexcept { return publishes_.inflight(); }
    /// Changes what the next CONNECT says. Only when offline; the version must stay while publishes are held.
    void set_connect(Connect connect);

private:
    /// SUBSCRIBE and UNSUBSCRIBE that wait for their answer.
    struct PendingRequest {
        std::uint16_t packet_id;
        PacketType answer;
        std::size_t filters;
    };
    /// What the server's CONNACK allows on this connection (MQTT5 3.2.2.3), with the defaults.
    struct ServerLimits {
        std::uint32_t maximum_packet_size = mqtt::max_packet_size;
        std::uint16_t receive_maximum = 65'535;
        QoS maximum_qos = QoS::exactly_once;
        bool retain_available = true;
        bool wildcards_available = true;
        bool identifiers_available = true;
        bool shares_available = true;
    };

    // Packets from the server; client_session_receive.cc.
    [[nodiscard]] std::optional<ClientEvent> handle(ByteView packet, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_connack(ByteView packet, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_publish(ByteView packet, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_small_ack(PacketType type, std::uint16_t packet_id, ReasonCode reason,
                                                              Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_puback(std::uint16_t packet_id, ReasonCode reason, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_pubrec(std::uint16_t packet_id, ReasonCode reason, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_pubcomp(std::uint16_t packet_id, ReasonCode reason, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_pubrel(std::uint16_t packet_id, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_decoded(Packet packet, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_request_answer(PacketType type, std::uint16_t packet_id,
                                                                   std::vector<ReasonCode> codes, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_disconnect(Disconnect packet);
    [[nodiscard]] std::optional<ClientEvent> handle_auth(Auth packet, Time now);
    [[nodiscard]] std::optional<ClientEvent> handle_pingresp(Time now);
    [[nodiscard]] bool resolve_alias(PublishView& message);
    void take_limits(const ConnackView& connack);
    [[nodiscard]] std::optional<ClientEvent> finish_publish(HeldPublish& publish, ReasonCode reason, Time now);

    // Commands; client_session_send.cc.
    [[nodiscard]] Result<PublishTicket> publish_now(const PublishParts& parts, Time now);
    [[nodiscard]] Result<PublishTicket> publish_held(const PublishParts& parts, Time now);
    [[nodiscard]] Result<> check_offered(std::string_view filter) const;
    template <class Request>
    [[nodiscard]] Result<std::uint16_t> request(Request packet, PacketType answer, std::size_t filters, Time now);
    /// Why the server would not take this publish, or nothing.
    [[nodiscard]] std::string_view obstacle(QoS qos, bool retain, std::size_t packet_size) const noexcept;
    [[nodiscard]] std::optional<std::uint16_t> new_packet_id() noexcept;
    void send_held(Time now);
    template <class Packet>
    void send(const Packet& packet, Time now);

    // The connection; client_session.cc.
    /// Publishes that failed because of what the server said in CONNACK, one at a time.
    [[nodiscard]] std::optional<ClientEvent> next_failed(Time now);
    [[nodiscard]] std::optional<ClientEvent> break_off(DisconnectCause cause, ReasonCode reason, std::string_view sentence);
    [[nodiscard]] std::optional<ClientEvent> protocol_fault(Errc code, std::string_view sentence, Time now);
    [[nodiscard]] std::optional<Time> ping_due() const noexcept;
    [[nodiscard]] std::optional<Time> pong_overdue() const noexcept;
    void complete_options();
    void clear_outbox() noexcept;

    ClientOptions options_;

    // Lives as long as the session.
    PublishQueue publishes_;
    /// QoS 2 messages from the server between PUBLISH and PUBREL.
    PacketIdSet inbound_exactly_once_;
    PublishTicket last_ticket_ = 0;
    std::uint16_t last_packet_id_ = 0;

    // Lives as long as a connection.
    State state_ = State::offline;
    /// Refused or Disconnected was given for this connection.
    bool end_told_ = false;
    /// PINGREQ was sent and not answered.
    bool pong_due_ = false;
    /// The server has no session: publishes sent on earlier connections are being reported as lost, and nothing held is sent
    /// before.
    bool losing_session_ = false;
    /// Seconds.
    std::uint16_t keep_alive_ = 0;
    Time opened_at_{};
    Time last_sent_{};
    Time pinged_at_{};
    ServerLimits limits_;
    Framer framer_;
    ByteBuffer outbox_;
    std::size_t outbox_sent_ = 0;
    std::vector<PendingRequest> pending_;
    /// Topics of the server's aliases; the first is alias 1.
    std::vector<std::string> aliases_;

    // Keeps what the last event's views look into.
    std::vector<ReasonCode> codes_;
    std::string sentence_;
    std::string reference_;
    ByteBuffer data_;
};

}  // namespace holdfast::mqtt
