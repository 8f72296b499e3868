#include "simulate/simulated_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "net/steady_time.h"

namespace holdfast::simulate {
namespace {

// Losing a node shows on its other devices within this time.
constexpr Duration together = std::chrono::milliseconds(300);
constexpr std::uint32_t largest_message = 64U << 10;

mqtt::Connect connect_words(const Options& options, const std::string& id, bool first) {
    mqtt::Connect connect;
    connect.version = options.version;
    connect.client_id = id;
    connect.keep_alive = options.keepalive;
    // For a whole account of what was sent with QoS 1 and 2, the subscription has to outlive a lost connection.
    const bool keeps_session = options.echo && options.qos != mqtt::QoS::at_most_once;
    connect.clean_start = first || !keeps_session;
    constexpr std::uint32_t a_minute = 60;
    if (keeps_session && options.version == mqtt::Version::v5) connect.properties.session_expiry_interval = a_minute;
    if (keeps_session && options.version != mqtt::Version::v5) connect.clean_start = false;
    if (!options.username.empty()) connect.username = options.username;
    if (!options.password.empty()) connect.password = ByteBuffer(options.password.begin(), options.password.end());
    return connect;
}

net::MqttClientOptions client_options(const Options& options, const std::string& id) {
    net::MqttClientOptions client;
    client.session.connect = connect_words(options, id, true);
    client.session.max_packet_size = std::max(largest_message, options.payload + largest_message);
    return client;
}

// May hide a takeover: the node closed, and a gateway between us and it said on its behalf that we had better go elsewhere.
bool hides_its_reason(mqtt::ReasonCode reason) {
    return reason == mqtt::ReasonCode::use_another_server || reason == mqtt::ReasonCode::unspecified_error;
}

}  // namespace

SimulatedDevice::SimulatedDevice(FleetGround& ground, std::uint32_t number, Time first_connect)
    : ground_(ground),
      id_(fmt::format("{}{}", ground.options.prefix, number)),
      plan_(ground.plan, Dice(ground.options.seed ^ (std::uint64_t{number} << 32)).next(), first_connect),
      dice_(Dice(ground.options.seed + number).next()),
      client_(ground.io, client_options(ground.options, id_), *this),
      number_(number) {
    if (ground.options.commands) answerer_ = std::make_unique<CommandAnswerer>(ground.options.answers, id_, dice_.next());
}

void SimulatedDevice::on_time(Time now) {
    if (answerer_) give_answers(now);
    for (;;) {
        switch (plan_.on_time(now)) {
            case DevicePlan::Step::none:
                return;
            case DevicePlan::Step::connect:
                if (was_taken_over_in_silence()) {
                    ++ground_.tally.taken_over;
                    go_aside(now);
                } else {
                    connect(now);
                }
                break;
            case DevicePlan::Step::publish:
                publish(now);
                break;
            case DevicePlan::Step::disconnect:
                client_.disconnect();
                break;
            case DevicePlan::Step::break_off:
                client_.abandon();
                ++ground_.tally.lost_connections;
                gone();
                break;
        }
    }
}

bool SimulatedDevice::was_taken_over_in_silence() {
    const Time lost_at = std::exchange(lost_at_, Time::min());
    return ground_.options.yield_ids && lost_at != Time::min() && ground_.close_times.was_alone(lost_at, together);
}

void SimulatedDevice::connect(Time now) {
    if (std::exchange(aside_, false)) --ground_.tally.aside;
    connecting_since_ = now;
    client_.set_connect(connect_words(ground_.options, id_, !was_connected_));
    ground_.endpoint ? client_.open(*ground_.endpoint) : client_.open(ground_.options.to);
}

void SimulatedDevice::subscribe() {
    std::vector<mqtt::Subscription> subscriptions;
    subscriptions.push_back({.filter = id_ + "/cmd/#", .qos = mqtt::QoS::at_least_once});
    if (answerer_) subscriptions.push_back({.filter = answerer_->filter(), .qos = mqtt::QoS::at_least_once});
    if (ground_.options.echo) subscriptions.push_back({.filter = id_ + "/telemetry", .qos = ground_.options.qos});
    static_cast<void>(client_.subscribe(subscriptions));
}

void SimulatedDevice::publish(Time now) {
    const auto wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    write_telemetry(ground_.message, id_, seq_ + 1, wall, ground_.options.payload, dice_);
    ground_.topic.assign(id_).append("/telemetry");
    mqtt::PublishRequest request;
    request.topic = ground_.topic;
    request.payload = as_bytes(ground_.message);
    request.qos = ground_.options.qos;
    const auto ticket = client_.publish(request);
    if (!ticket) {
        ++ground_.tally.held_back;
        return;
    }
    ++seq_;
    ++ground_.tally.published;
    const bool follows_it = ground_.options.echo || ground_.options.qos != mqtt::QoS::at_most_once;
    if (follows_it && !ledger_.sent(ground_.options.echo ? seq_ : *ticket, now)) ++ground_.tally.lost;
}

void SimulatedDevice::on_event(net::MqttClient&, const mqtt::ClientEvent& event) {
    namespace e = mqtt::client_event;
    const Time now = net::steady_now();
    Tally& tally = ground_.tally;
    if (std::holds_alternative<e::Connected>(event)) {
        connected_ = true;
        ++tally.connected;
        ++tally.connects;
        if (std::exchange(was_connected_, true)) ++tally.reconnects;
        tally.connect_latency.add(now - connecting_since_);
        subscribe();
    } else if (std::holds_alternative<e::Subscribed>(event)) {
        plan_.on_ready(now);
        ground_.replan(number_);
    } else if (const auto* received = std::get_if<e::Received>(&event)) {
        on_message(received->message, now);
    } else if (const auto* acknowledged = std::get_if<e::Acknowledged>(&event)) {
        ++tally.acknowledged;
        if (ground_.options.echo) return;
        if (const auto took = ledger_.back(acknowledged->ticket, now)) tally.latency.add(*took);
    } else if (const auto* failed = std::get_if<e::PublishFailed>(&event)) {
        // With echo it may still come back, and is counted at the end.
        if (!ground_.options.echo && ledger_.back(failed->ticket, now)) ++tally.lost;
    } else if (const auto* disconnected = std::get_if<e::Disconnected>(&event)) {
        on_disconnected(*disconnected, now);
    }
}

void SimulatedDevice::on_message(const mqtt::PublishView& message, Time now) {
    Tally& tally = ground_.tally;
    if (!ground_.options.echo || !message.topic.ends_with("/telemetry")) {
        ++tally.commands;
        if (answerer_) on_command(message, now);
        return;
    }
    const auto seq = read_seq(as_text(message.payload));
    if (!seq) return;
    if (const auto took = ledger_.back(*seq, now)) {
        ++tally.received;
        tally.latency.add(*took);
    } else {
        ++tally.duplicates;
    }
}

void SimulatedDevice::on_command(const mqtt::PublishView& message, Time now) {
    using enum CommandAnswerer::Deed;
    CommandAnswerer::Message command{.topic = message.topic};
    for (const mqtt::PropertyView& property : message.properties) {
        if (property.id == mqtt::PropertyId::response_topic) command.response_topic = property.text;
        if (property.id == mqtt::PropertyId::correlation_data) command.correlation = property.binary();
    }
    Tally& tally = ground_.tally;
    const auto deed = answerer_->on_message(command, now);
    switch (deed) {
        case none:
            return;
        case answered_again:
            ++tally.answered_again;
            break;
        case failed:
            ++tally.failed;
            break;
        case silent:
            ++tally.silent;
            break;
        case crashed:
            ++tally.crashed;
            break;
        case executed:
            break;
    }
    if (deed != answered_again) ++tally.executed;
    if (deed == crashed) return crash(now);
    give_answers(now);
    ground_.replan(number_);
}

void SimulatedDevice::give_answers(Time now) {
    while (const auto answer = answerer_->due(now)) {
        mqtt::PublishProperties properties;
        mqtt::PublishRequest request;
        request.topic = answer->topic;
        request.payload = as_bytes(answer->payload);
        request.qos = mqtt::QoS::at_least_once;
        if (ground_.options.version == mqtt::Version::v5) {
            if (!answer->correlation.empty()) properties.correlation_data = answer->correlation;
            properties.content_type = "application/json";
            request.properties = &properties;
        }
        for (int copy = 0; copy < (answer->twice ? 2 : 1); ++copy) {
            if (client_.publish(request)) {
                ++ground_.tally.answered;
            } else {
                ++ground_.tally.held_back;
            }
        }
    }
}

void SimulatedDevice::crash(Time now) {
    client_.abandon();
    ++ground_.tally.lost_connections;
    gone();
    plan_.on_ended(now, true);
    ground_.replan(number_);
}

void SimulatedDevice::on_disconnected(const mqtt::client_event::Disconnected& disconnected, Time now) {
    if (!connected_) return;
    using enum mqtt::DisconnectCause;
    switch (disconnected.cause) {
        case requested:
            return;
        case server_disconnect:
            ++ground_.tally.told_to_go;
            told_of_takeover_ = disconnected.reason == mqtt::ReasonCode::session_taken_over;
            if (!hides_its_reason(disconnected.reason)) return;
            break;
        case transport_closed:
        case connect_timeout:
        case pong_timeout:
        case protocol_error:
            ++ground_.tally.lost_connections;
            break;
    }
    ended_without_a_word_ = true;
    lost_at_ = now;
    ground_.close_times.lost(now);
}

void SimulatedDevice::gone() {
    if (std::exchange(connected_, false)) --ground_.tally.connected;
}

void SimulatedDevice::on_closed(net::MqttClient&, const net::MqttClosed& closed) {
    const Time now = net::steady_now();
    const bool was_connected = connected_;
    gone();
    const bool without_a_word = std::exchange(ended_without_a_word_, false);
    const bool taken_over = std::exchange(told_of_takeover_, false);
    if (taken_over) ++ground_.tally.taken_over;
    if (taken_over && ground_.options.yield_ids) {
        go_aside(now);
    } else if (was_connected) {
        plan_.on_ended(now, without_a_word);
    } else {
        if (closed.stage == net::MqttClosed::Stage::refused) {
            ++ground_.tally.refused[std::string(closed.sentence)];
        } else if (plan_.state() != DevicePlan::State::stopped) {
            ++ground_.tally.unreachable[std::string(closed.sentence)];
        }
        plan_.on_failed(now);
    }
    ground_.replan(number_);
}

void SimulatedDevice::go_aside(Time now) {
    if (!std::exchange(aside_, true)) ++ground_.tally.aside;
    ground_.tally.last_aside = id_;
    plan_.on_taken_over(now);
}

void SimulatedDevice::step_aside(Time now) {
    if (plan_.state() == DevicePlan::State::aside || plan_.state() == DevicePlan::State::stopped) return;
    client_.abandon();
    gone();
    go_aside(now);
    ground_.replan(number_);
}

}  // namespace holdfast::simulate
