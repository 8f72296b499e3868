#pragma once
// The life of one proxied connection, as a machine: collect one CONNECT, find its route, try its candidates one after the
// other, wait for the CONNACK, relay, and part - at packet boundaries, in the words of the device's protocol version.
//
//   collecting -> connecting -> greeting -> relaying -> (parting) -> closing -> ended
//        \____________\____________\-> refusing -> closing -> ended
//
// Where a cluster's active node is missing and another one may take its place, the CONNECT is `waiting`, to be planned again
// when the topology has changed, and every now and then; only after `Limits::hold_connects` it is refused.
//
// The adapter that owns the two sockets tells what happened and does what the returned `Actions` say, in the order of their
// members. The machine never sees a socket, so a test can play a whole fleet of these in simulated time.
//
// What is promised:
//  - Bytes after the CONNECT reach only the node that accepted it, in order, and nothing of them if it refused [MQTT-3.1.4-5].
//  One
//    exception: when a node answers AUTH first (MQTT5 4.12), the exchange is relayed as it comes and no other node is tried any
//    more.
//  - A relayed stream is passed on byte for byte. It is only ever cut between two packets.
//  - Whoever the protocol has an answer for gets it.
//
// The machine follows packet boundaries in both directions and sees every packet's type, which is what carrying a connection
// over to another node needs (a session shadow hangs into `relay_from_*`).

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "fleet/facts.h"
#include "fleet/planner.h"
#include "fleet/snapshot.h"
#include "mqtt/connack_view.h"
#include "mqtt/connect_view.h"
#include "mqtt/walker.h"
#include "proxy/acknowledgement_follower.h"
#include "proxy/admission.h"
#include "proxy/end_reason.h"

namespace holdfast::proxy {

/// Bounds and times of a connection. May change between two calls; what is already under way keeps its deadline.
struct Limits {
    /// Bytes of the largest CONNECT taken.
    std::size_t connect_max_size = 256 * 1024;
    /// Bytes that may wait behind a CONNECT until its CONNACK is there; beyond it the device is not read.
    std::size_t held_max = 64 * 1024;
    /// Bytes of the largest CONNACK (or AUTH before it) taken from a node.
    std::size_t greeting_max_size = 64 * 1024;
    /// From accept to the last byte of the CONNECT.
    Duration connect_deadline = std::chrono::seconds(10);
    /// To connect to one candidate, and to get its CONNACK.
    Duration node_connect_timeout = std::chrono::seconds(3);
    Duration connack_timeout = std::chrono::seconds(5);
    /// How long a parting waits for packet boundaries before it cuts where it stands.
    Duration parting_deadline = std::chrono::seconds(5);
    /// How long a closed side may take to read what it was sent last.
    Duration linger = std::chrono::seconds(2);
    /// Refusals for want of room or of a node are sent after a random part of this, so that a refused fleet does not come back
    /// as one.
    Duration refusal_delay = std::chrono::milliseconds(500);
    /// Idle limit as a multiple of the keep alive [MQTT-3.1.2-22].
    double idle_factor = 1.5;
    /// Nodes tried for one CONNECT.
    std::size_t max_candidates = 3;
    /// How long a CONNECT waits for an active node of its cluster before it is refused; 0: not at all.
    Duration hold_connects = std::chrono::seconds(10);
    /// Whether there is room for one more that waits.
    bool hold_room = true;
    /// Those that wait are planned again within a random part of this after a change, so that the new active node does not meet
    /// them all at once.
    Duration hold_spread{};
    /// QoS 1 messages to devices whose topic begins with one of these are followed until the device acknowledges them.
    std::vector<std::string> followed_topics = {};
};

enum class Phase : std::uint8_t { collecting, waiting, connecting, greeting, relaying, refusing, parting, closing, ended };

/// Why a candidate could not take the CONNECT.
enum class NodeFailure : std::uint8_t { refused, unreachable, hung_up };

/// How to close one side.
enum class Close : std::uint8_t {
    no,
    /// Drop what was not sent, close.
    at_once,
    /// Send what is pending, send the end of the stream, read and forget until the other side closes too (or the linger time is
    /// over: `Connection::timer` says when), so that the last bytes are not lost to a reset.
    after_flush,
};

/// What to report when the actions are done.
enum class Report : std::uint8_t { none, opened, refused };

/// What the adapter does next, in this order. Byte views are valid until the machine's next call.
struct Actions {
    /// Close the present connection to a node at once (before `connect`).
    bool drop_node = false;
    /// A whole CONNECT is there: call `plan`.
    bool plan = false;
    /// A CONNECT that waits may have somewhere to go now: call `plan_again`.
    bool plan_again = false;
    /// It waits for an active node; told each time that nothing came of a plan.
    bool waits = false;
    /// This node did not take a CONNECT although it was expected to: worth a probe.
    fleet::NodeIndex trouble;
    /// Start to connect to this node; then `node_connected` or `node_failed`.
    fleet::NodeIndex connect;
    /// Bytes to send, after what is pending.
    std::array<ByteView, 2> to_device;
    std::array<ByteView, 2> to_node;
    Close close_device = Close::no;
    Close close_node = Close::no;
    Report report = Report::none;
};

/// Threads: one at a time. Context that changes is handed to each call.
class Connection {
public:
    /// `admission` other than admitted: the connection may say its CONNECT and is then refused.
    Connection(const Limits& limits, Admission admission, Time now);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Bytes from the device. Only while `wants_device_bytes`.
    [[nodiscard]] Actions device_bytes(ByteView bytes, const Limits& limits, Time now);
    /// Answers `Actions::plan`. `rate_ok`: the CONNECT rate leaves room for this one. `source` is the device's numeric address.
    /// `entropy`: random bits, for devices without identity and for jitter.
    [[nodiscard]] Actions plan(const fleet::Snapshot& snapshot, std::string_view source, bool rate_ok, std::uint64_t entropy,
                               const Limits& limits, Time now);
    /// Answers `Actions::plan_again`.
    [[nodiscard]] Actions plan_again(const fleet::Snapshot& snapshot, const Limits& limits, Time now);
    /// Clusters or nodes have changed. Only of use while `follows_switches`.
    [[nodiscard]] Actions topology_changed(const fleet::Topology& topology, const Limits& limits, Time now);
    [[nodiscard]] Actions node_connected(const Limits& limits, Time now);
    /// The candidate cannot be reached. `system_error`: errno, 0 when unknown.
    [[nodiscard]] Actions node_failed(NodeFailure failure, int system_error, const Limits& limits, Time now);
    /// Bytes from the node. Only after `node_connected`.
    [[nodiscard]] Actions node_bytes(ByteView bytes, const Limits& limits, Time now);
    /// The device's side ended: end of stream, or broken. Until the machine says so, its side is still written to.
    [[nodiscard]] Actions device_closed(bool broken, const Limits& limits, Time now);
    /// The node's side ended.
    [[nodiscard]] Actions node_closed(bool broken, const Limits& limits, Time now);
    /// `timer` has come.
    [[nodiscard]] Actions timer_fired(const Limits& limits, Time now);
    /// End it: the device moved, its node drains or died, an operator said so, the gateway shuts down.
    [[nodiscard]] Actions end(EndReason reason, const Limits& limits, Time now);

    /// When `timer_fired` must be called; nothing = not at all. Ask again after every call.
    [[nodiscard]] std::optional<Time> timer() const noexcept;

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    /// False while bytes from the device would have to be kept and there is no room for more.
    [[nodiscard]] bool wants_device_bytes(const Limits& limits) const noexcept;
    /// True once both sides were told to close.
    [[nodiscard]] bool device_done() const noexcept { return device_done_; }
    [[nodiscard]] bool node_done() const noexcept { return node_done_; }

    /// Its CONNECT has no answer yet, and another node may become the active one of its cluster: wants `topology_changed`.
    [[nodiscard]] bool follows_switches() const noexcept;
    /// The device hung up before its CONNECT had an answer; until its story is taken.
    [[nodiscard]] bool gave_up() const noexcept;
    /// The cluster for whose active node it waits or has waited; none if it never did, or when its story is taken.
    [[nodiscard]] fleet::ClusterIndex waits_for() const noexcept;

    /// The present or last node; none before the first candidate.
    [[nodiscard]] fleet::NodeIndex node() const noexcept { return node_; }
    [[nodiscard]] EndReason end_reason() const noexcept { return end_reason_; }
    [[nodiscard]] bool opened() const noexcept { return opened_; }
    [[nodiscard]] std::uint64_t packets_from_device() const noexcept { return packets_from_device_; }
    [[nodiscard]] std::uint64_t packets_to_device() const noexcept { return packets_to_device_; }
    [[nodiscard]] std::uint64_t bytes_from_device() const noexcept { return bytes_from_device_; }
    [[nodiscard]] std::uint64_t bytes_to_device() const noexcept { return bytes_to_device_; }

    /// Topics of followed messages that the device has acknowledged; look after `device_bytes`.
    [[nodiscard]] bool has_acknowledged() const noexcept { return follower_ != nullptr && follower_->has_acknowledged(); }
    [[nodiscard]] std::vector<std::string> take_acknowledged() noexcept { return follower_->take_acknowledged(); }

    /// What there is to tell of a CONNECT.
    struct Story {
        fleet::Plan plan;
        /// Empty: it has no identity.
        std::string device;
        /// The client id that the node gave a device that came without (MQTT5 3.2.2.3.7); empty otherwise.
        std::string assigned_id;
        std::string username;
        std::optional<mqtt::Version> version;
        fleet::RefuseReason refused = fleet::RefuseReason::none;
        /// Of the candidate that accepted.
        fleet::RouteKind kind = fleet::RouteKind::hash;
        /// When the CONNECT had been read.
        Time asked_at{};
    };
    /// After `Report::opened` or `Report::refused`, once, when the bytes of the actions are sent or copied: the memory of the
    /// handshake is given back.
    [[nodiscard]] Story take_story();

private:
    struct Handshake;

    Actions collect(ByteView bytes, const Limits& limits, Time now);
    Actions connect_faulty(const mqtt::ConnectFault& fault, const Limits& limits, Time now);
    Actions next_candidate(const Limits& limits, Time now);
    Actions candidate_failed(const Limits& limits, Time now);
    Actions greeting_bytes(ByteView bytes, const Limits& limits, Time now);
    Actions greeting_faulty(const Limits& limits, Time now);
    Actions authentication_steps(ByteView packets, const Limits& limits, Time now);
    Actions connack_accepts(const mqtt::ConnackView& connack, ByteView bytes, const Limits& limits, Time now);
    Actions connack_refuses(const mqtt::ConnackView& connack, ByteView packets, bool first, const Limits& limits, Time now);
    [[nodiscard]] bool may_wait(const Limits& limits, Time now) const noexcept;
    void note_wait(Time now);
    Actions wait_or_refuse(fleet::RefuseReason reason, const Limits& limits, Time now);
    Actions refuse(fleet::RefuseReason reason, mqtt::RefusalReason answer, const Limits& limits, Time now);
    Actions send_refusal(const Limits& limits, Time now);
    void relay_from_device(ByteView bytes, const Limits& limits, Time now, Actions& actions);
    void relay_from_node(ByteView bytes, const Limits& limits, Time now, Actions& actions);
    void device_is_malformed(Actions& actions, const Limits& limits, Time now);
    void note_from_device(const mqtt::WalkedPacket& packet) noexcept;
    void note_from_node(const mqtt::WalkedPacket& packet) noexcept;
    void follow(const mqtt::WalkedPacket& packet, ByteView piece, const Limits& limits);
    Actions part(EndReason reason, const Limits& limits, Time now);
    void finish_from_device(ByteView bytes, const Limits& limits, Time now, Actions& actions);
    void finish_from_node(ByteView bytes, const Limits& limits, Time now, Actions& actions);
    [[nodiscard]] bool parted() const noexcept;
    void finish_parting(Actions& actions, const Limits& limits, Time now);
    void part_node(Actions& actions, const Limits& limits, Time now);
    [[nodiscard]] ByteView goodbye_to_device(mqtt::ReasonCode reason);
    void close_device(Actions& actions, Close how, const Limits& limits, Time now);
    void close_node(Actions& actions, Close how, const Limits& limits, Time now);
    void set_end_reason(EndReason reason) noexcept;

    Phase phase_ = Phase::collecting;
    Admission admission_;
    mqtt::Version version_ = mqtt::Version::v311;
    EndReason end_reason_ = EndReason::none;
    bool opened_ = false;
    /// No connection to a node, or told to close it.
    bool node_done_ = true;
    bool device_done_ = false;
    bool device_said_goodbye_ = false;
    bool node_said_goodbye_ = false;
    /// 0 = none. (A keep alive is at most 18 hours.)
    std::uint32_t idle_limit_ms_ = 0;
    fleet::NodeIndex node_;
    /// Of the present phase; while relaying, of the idle limit.
    Time deadline_{};
    mqtt::PacketWalker from_device_;
    mqtt::PacketWalker from_node_;
    std::uint64_t packets_from_device_ = 0;
    std::uint64_t packets_to_device_ = 0;
    std::uint64_t bytes_from_device_ = 0;
    std::uint64_t bytes_to_device_ = 0;
    /// Until its story is taken.
    std::unique_ptr<Handshake> handshake_;
    /// A packet of Holdfast's own that `Actions` point to.
    ByteBuffer own_packet_;
    /// From the first message on that may have to be followed.
    std::unique_ptr<AcknowledgementFollower> follower_;
};

}  // namespace holdfast::proxy
