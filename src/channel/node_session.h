#pragma once
// A channel's MQTT session with one node: connects, listens for replies, publishes, comes back after losses. What is published
// and to be answered is its user's to know.
//
// A session begins anew each time (clean start): what was not acknowledged before its loss is not sent again by itself.

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "channel/channel_options.h"
#include "control/device_directory.h"
#include "mqtt/publish_view.h"
#include "net/mqtt_client.h"
#include "net/tcp.h"
#include "profile/command_frame.h"

namespace holdfast::channel {

class NodeSession;

/// What a session's user hears. Inside each of them any method of the session may be called, and the session may be dropped.
class NodeSessionUser {
public:
    /// It is connected and listens.
    virtual void on_ready(NodeSession& session) = 0;
    /// It is gone. Nothing will be heard of what was published and not acknowledged.
    virtual void on_lost(NodeSession& session) = 0;
    virtual void on_acknowledged(NodeSession& session, mqtt::PublishTicket ticket, mqtt::ReasonCode reason) = 0;
    /// A message on one of the filters.
    virtual void on_message(NodeSession& session, const mqtt::PublishView& message) = 0;

protected:
    ~NodeSessionUser() = default;
};

/// Threads: the io_context's one thread.
class NodeSession final : public net::MqttClientHandler, public std::enable_shared_from_this<NodeSession> {
public:
    NodeSession(net::IoContext& io, const ChannelOptions& options, control::NodePlace place, std::vector<std::string> filters,
                NodeSessionUser& user);
    ~NodeSession() = default;
    NodeSession(const NodeSession&) = delete;
    NodeSession& operator=(const NodeSession&) = delete;

    /// Connects when there is an address.
    void start();
    /// Ends it; nothing is heard after that.
    void stop();
    /// Follows the node to another address; a node that answers again is connected to at once.
    void set_place(const control::NodePlace& place);
    /// Listens for these from now on, and for those of before until the session is lost.
    void set_filters(std::vector<std::string> filters);

    /// QoS 1. Only while `has_room`. Errors are the client's: too large for the node, and the like.
    [[nodiscard]] Result<mqtt::PublishTicket> publish(const profile::CommandFrame& frame);

    [[nodiscard]] bool ready() const noexcept { return ready_; }
    [[nodiscard]] bool has_room() const noexcept { return ready_ && in_flight_ < room_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    /// While it is not ready: since when, and why.
    [[nodiscard]] Time lost_at() const noexcept { return lost_at_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] const std::string& name() const noexcept { return place_.name; }
    [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_; }

    void on_event(net::MqttClient& client, const mqtt::ClientEvent& event) override;
    void on_closed(net::MqttClient& client, const net::MqttClosed& closed) override;

private:
    void connect();
    void connect_later();
    void subscribe();
    void subscribed(const mqtt::client_event::Subscribed& answer);
    void lost(std::string_view why);

    const ChannelOptions& options_;
    control::NodePlace place_;
    std::vector<std::string> filters_;
    NodeSessionUser& user_;
    net::Timer timer_;
    net::MqttClient client_;
    std::minstd_rand chance_;
    std::string why_ = "not connected yet";
    Time lost_at_;
    std::uint64_t sessions_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t room_ = 0;
    std::uint32_t failures_ = 0;
    bool ready_ = false;
    bool told_ = false;  ///< of this outage
    bool stopped_ = false;
};

}  // namespace holdfast::channel
