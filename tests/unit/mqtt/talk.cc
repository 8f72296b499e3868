#include "talk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "exact_copy.h"

namespace holdfast::mqtt {

namespace {

std::string quoted(ByteView payload) {
    return "'" + std::string(as_text(payload)) + "'";
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string spoken_publish(const Publish& packet) {
    std::string text = "publish " + packet.topic + " qos" + number(static_cast<unsigned>(packet.qos));
    if (packet.packet_id != 0) text += " id" + number(packet.packet_id);
    if (packet.dup) text += " dup";
    if (packet.retain) text += " retain";
    return text + " " + quoted(packet.payload);
}

std::string spoken_codes(std::span<const ReasonCode> codes) {
    std::string text;
    for (const ReasonCode code : codes)
        text += " " + number(static_cast<unsigned>(code));
    return text;
}

std::string reason_of(ReasonCode code) {
    return code == ReasonCode::success ? "" : " " + std::string(name(code));
}

}  // namespace

ClientOptions options_of(Version version, bool clean) {
    ClientOptions options;
    options.connect.version = version;
    options.connect.client_id = "a";
    options.connect.clean_start = clean;
    return options;
}

std::string greeting(Version version, bool clean) {
    return "> connect " + std::string(name(version)) + " a" + (clean ? " clean\n" : "\n");
}

std::string spoken(const Packet& packet) {
    const std::string type(name(type_of(packet)));
    return std::visit(
        [&](const auto& one) -> std::string {
            using Kind = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<Kind, Connect>) {
                return type + " " + std::string(name(one.version)) + " " + one.client_id + (one.clean_start ? " clean" : "");
            } else if constexpr (std::is_same_v<Kind, Connack>) {
                return type + " " + number(one.code) + (one.session_present ? " session" : "");
            } else if constexpr (std::is_same_v<Kind, Publish>) {
                return spoken_publish(one);
            } else if constexpr (std::is_same_v<Kind, Subscribe> || std::is_same_v<Kind, Unsubscribe>) {
                return type + " id" + number(one.packet_id);
            } else if constexpr (std::is_same_v<Kind, Suback> || std::is_same_v<Kind, Unsuback>) {
                return type + " id" + number(one.packet_id) + spoken_codes(one.codes);
            } else if constexpr (std::is_same_v<Kind, Pingreq> || std::is_same_v<Kind, Pingresp>) {
                return type;
            } else if constexpr (std::is_same_v<Kind, Disconnect> || std::is_same_v<Kind, Auth>) {
                return type + reason_of(one.reason);
            } else {
                return type + " id" + number(one.packet_id) + reason_of(one.reason);
            }
        },
        packet);
}

std::string spoken(const ClientEvent& event) {
    using namespace client_event;
    return std::visit(
        [](const auto& one) -> std::string {
            using Kind = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<Kind, Connected>) {
                return "connected keep_alive=" + number(one.keep_alive) + (one.connack.session_present ? " session" : "");
            } else if constexpr (std::is_same_v<Kind, Refused>) {
                return "refused " + number(one.connack.code);
            } else if constexpr (std::is_same_v<Kind, Received>) {
                return "received " + std::string(one.message.topic) + " " + quoted(one.message.payload);
            } else if constexpr (std::is_same_v<Kind, Acknowledged>) {
                return "acknowledged " + number(one.ticket) + reason_of(one.reason);
            } else if constexpr (std::is_same_v<Kind, PublishFailed>) {
                return "failed " + number(one.ticket) + " " + std::string(name(one.failure)) + reason_of(one.reason);
            } else if constexpr (std::is_same_v<Kind, Subscribed>) {
                return "subscribed " + number(one.packet_id) + spoken_codes(one.codes);
            } else if constexpr (std::is_same_v<Kind, Unsubscribed>) {
                return "unsubscribed " + number(one.packet_id) + spoken_codes(one.codes);
            } else if constexpr (std::is_same_v<Kind, Pong>) {
                return "pong " +
                       number(
                           static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(one.round_trip).count())) +
                       "ms";
            } else if constexpr (std::is_same_v<Kind, Authentication>) {
                return "authentication " + std::string(one.method) + " " + quoted(one.data) + reason_of(one.reason);
            } else {
                return "disconnected " + std::string(name(one.cause)) + reason_of(one.reason) +
                       (one.server_reference.empty() ? "" : " to " + std::string(one.server_reference));
            }
        },
        event);
}

void Talk::write(const std::string& line) {
    lines_ += line + "\n";
}

void Talk::write_event(const ClientEvent& event) {
    write("! " + spoken(event));
}

void Talk::listen() {
    const ByteBuffer bytes(client.outbox().begin(), client.outbox().end());
    client.sent(bytes.size());
    Framer framer;
    ByteView input = bytes;
    while (true) {
        const auto packet = framer.feed(input);
        ASSERT_TRUE(packet.has_value());
        if (packet->empty()) break;
        const auto decoded = decode(*packet, client.version(), Direction::to_server);
        ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
        write("> " + spoken(*decoded));
    }
    ASSERT_TRUE(framer.at_boundary());
}

void Talk::open() {
    ASSERT_TRUE(client.transport_opened(now).has_value());
    listen();
}

void Talk::open_and_accept(const Connack& connack) {
    open();
    say(connack);
}

void Talk::deliver(ByteView piece) {
    const ExactCopy copy(piece);
    ByteView input = copy.view();
    while (auto event = client.receive(input, now))
        write_event(*event);
    ASSERT_TRUE(input.empty());
}

void Talk::say(const Packet& packet) {
    ByteBuffer bytes;
    const auto encoded = encode(packet, client.version(), bytes);
    ASSERT_TRUE(encoded.has_value()) << encoded.error().message();
    write("< " + spoken(packet));
    say_bytes(bytes);
}

void Talk::say_bytes(ByteView bytes) {
    while (!bytes.empty()) {
        const std::size_t size = std::min(piece_size, bytes.size());
        deliver(bytes.first(size));
        bytes = bytes.subspan(size);
    }
    listen();
}

void Talk::close() {
    write("-");
    if (auto event = client.transport_closed(now)) write_event(*event);
}

void Talk::pass(Duration duration) {
    const Time end = now + duration;
    for (auto timer = client.next_timer(); timer && *timer <= end; timer = client.next_timer()) {
        ASSERT_GT(*timer, now) << "a timer in the past would never let time pass";
        write("* " +
              number(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(*timer - now).count())) +
              "ms");
        now = *timer;
        if (auto event = client.tick(now)) write_event(*event);
        listen();
    }
    now = end;
}

void Talk::publish(std::string_view topic, std::string_view payload, QoS qos, bool retain) {
    const auto ticket = client.publish({.topic = topic, .payload = as_bytes(payload), .qos = qos, .retain = retain}, now);
    if (!ticket) write("? " + std::string(ticket.error().code_name()));
    listen();
}

std::string Talk::heard() {
    return std::exchange(lines_, {});
}

}  // namespace holdfast::mqtt
