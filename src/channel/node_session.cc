#include "channel/node_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "mqtt/connack_view.h"
#include "net/address.h"
#include "net/steady_time.h"
#include "profile/reply_reading.h"
#include "runtime/log.h"

namespace holdfast::channel {
namespace {

constexpr std::string_view part = "channel";

net::MqttClientOptions client_options(const ChannelOptions& options, std::string_view node) {
    // For the topic and the properties of the largest reply.
    constexpr std::uint32_t beside_payload = 256 * 1024;
    const SessionOptions& session = options.session;
    net::MqttClientOptions client;
    client.connect_timeout = session.connect_timeout;
    client.session.connect_timeout = session.connect_timeout;
    client.session.pong_timeout = session.pong_timeout;
    client.session.max_inflight = session.max_in_flight;
    // What a lost session leaves is held until the next one begins.
    client.session.max_held = 2U * session.max_in_flight + 1;
    client.session.max_packet_size = profile::max_reply_size + beside_payload;
    mqtt::Connect& connect = client.session.connect;
    connect.version = mqtt::Version::v5;
    // Two channels that were given one name must not throw each other out.
    connect.client_id =
        fmt::format("holdfast-channel-{}-{}-{}-{:08x}", options.cluster, node, session.instance, std::random_device{}());
    connect.clean_start = true;
    connect.keep_alive = session.keep_alive;
    if (!session.username.empty()) connect.username = session.username;
    if (!session.password.empty()) connect.password = ByteBuffer(session.password.begin(), session.password.end());
    return client;
}

}  // namespace

NodeSession::NodeSession(net::IoContext& io, const ChannelOptions& options, control::NodePlace place,
                         std::vector<std::string> filters, NodeSessionUser& user)
    : options_(options),
      place_(std::move(place)),
      filters_(std::move(filters)),
      user_(user),
      timer_(io),
      client_(io, client_options(options, place_.name), *this),
      chance_(std::random_device{}()),
      lost_at_(net::steady_now()) {}

void NodeSession::start() {
    connect();
}

void NodeSession::stop() {
    stopped_ = true;
    ready_ = false;
    timer_.cancel();
    client_.abandon();
}

void NodeSession::connect() {
    if (stopped_ || !client_.is_closed() || place_.address.empty() || place_.port == 0) return;
    client_.open(net::HostPort{place_.address, place_.port});
}

void NodeSession::connect_later() {
    constexpr std::uint32_t most_doublings = 20;
    const auto& session = options_.session;
    const Duration longest =
        std::min(session.backoff_longest, session.backoff_first * (1 << std::min(failures_, most_doublings)));
    ++failures_;
    const double share = std::uniform_real_distribution<double>(0, 1)(chance_);
    const auto pause = std::chrono::duration<double, std::nano>(share * static_cast<double>(longest.count()));
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause));
    timer_.async_wait([weak = weak_from_this()](const net::ErrorCode& error) {
        const auto self = weak.lock();
        if (!error && self) self->connect();
    });
}

void NodeSession::set_place(const control::NodePlace& place) {
    const bool elsewhere = place.address != place_.address || place.port != place_.port;
    const bool answers_again = place.answers && !place_.answers;
    place_ = place;
    if (elsewhere) {
        client_.abandon();
        lost("the node has another address");
    }
    if (!elsewhere && (!answers_again || ready_)) return;
    failures_ = 0;
    timer_.cancel();
    connect();
}

void NodeSession::set_filters(std::vector<std::string> filters) {
    filters_ = std::move(filters);
    if (ready_) subscribe();
}

void NodeSession::subscribe() {
    if (filters_.empty()) return;
    std::vector<mqtt::Subscription> subscriptions(filters_.size());
    for (std::size_t index = 0; index < filters_.size(); ++index) {
        subscriptions[index].filter = filters_[index];
        subscriptions[index].qos = mqtt::QoS::at_least_once;
        // Retained replies are old ones.
        subscriptions[index].retain_handling = mqtt::RetainHandling::do_not_send;
    }
    if (const auto asked = client_.subscribe(subscriptions); !asked) {
        log::error(part, "{}: cannot listen for replies on node {}: {}; commands there will get no answer", options_.cluster,
                   name(), asked.error().message());
    }
}

void NodeSession::subscribed(const mqtt::client_event::Subscribed& answer) {
    for (std::size_t index = 0; index < answer.codes.size() && index < filters_.size(); ++index) {
        if (!mqtt::is_failure(answer.codes[index])) continue;
        log::error(part,
                   "{}: node {} does not let the channel listen on {} ({}); commands there will get no answer until its access "
                   "rules allow it",
                   options_.cluster, name(), filters_[index], mqtt::name(answer.codes[index]));
    }
    if (std::exchange(ready_, true)) return;
    failures_ = 0;
    told_ = false;
    why_.clear();
    ++sessions_;
    log::info(part, "{}: the session with node {} is up, commands go there", options_.cluster, name());
    user_.on_ready(*this);
}

Result<mqtt::PublishTicket> NodeSession::publish(const profile::CommandFrame& frame) {
    HF_ASSERT(has_room(), "a session is asked only for what it can do at once");
    mqtt::PublishRequest request;
    request.topic = frame.topic;
    request.payload = as_bytes(frame.payload);
    request.qos = mqtt::QoS::at_least_once;
    request.properties = &frame.properties;
    auto ticket = client_.publish(request);
    if (ticket) ++in_flight_;
    return ticket;
}

void NodeSession::on_event(net::MqttClient&, const mqtt::ClientEvent& event) {
    namespace e = mqtt::client_event;
    const auto keep = shared_from_this();
    if (const auto* acknowledged = std::get_if<e::Acknowledged>(&event)) {
        if (in_flight_ > 0) --in_flight_;
        user_.on_acknowledged(*this, acknowledged->ticket, acknowledged->reason);
    } else if (const auto* received = std::get_if<e::Received>(&event)) {
        user_.on_message(*this, received->message);
    } else if (const auto* failed = std::get_if<e::PublishFailed>(&event)) {
        // What an earlier session left was told when that was lost.
        if (failed->failure != mqtt::PublishFailure::rejected) return;
        if (in_flight_ > 0) --in_flight_;
        user_.on_acknowledged(*this, failed->ticket, failed->reason);
    } else if (const auto* connected = std::get_if<e::Connected>(&event)) {
        room_ = options_.session.max_in_flight;
        if (const auto limit = connected->connack.properties.find(mqtt::PropertyId::receive_maximum))
            room_ = std::min<std::size_t>(room_, limit->number);
        in_flight_ = 0;
        if (filters_.empty()) return subscribed({});
        subscribe();
    } else if (const auto* subscribed_to = std::get_if<e::Subscribed>(&event)) {
        subscribed(*subscribed_to);
    } else if (const auto* disconnected = std::get_if<e::Disconnected>(&event)) {
        lost(disconnected->sentence);
    }
}

void NodeSession::on_closed(net::MqttClient&, const net::MqttClosed& closed) {
    const auto keep = shared_from_this();
    lost(closed.sentence);
    if (!stopped_) connect_later();
}

void NodeSession::lost(std::string_view why) {
    // It will stand within another sentence.
    if (why.ends_with('.')) why.remove_suffix(1);
    const bool was_ready = std::exchange(ready_, false);
    if (was_ready) lost_at_ = net::steady_now();
    if (!why.empty()) why_ = why;
    const std::size_t open = std::exchange(in_flight_, 0);
    // A node that was just listed may need a moment to begin listening.
    const bool worth_telling = was_ready || net::steady_now() - lost_at_ >= options_.connect_grace;
    if (worth_telling && !std::exchange(told_, true)) {
        const std::string unclear = open == 0 ? "" : fmt::format("{} commands may or may not have reached it, ", open);
        log::warning(part, "{}: no session with node {}: {}; {}commands for its devices are given back until it is up again",
                     options_.cluster, name(), why, unclear);
    }
    if (was_ready) user_.on_lost(*this);
}

}  // namespace holdfast::channel
