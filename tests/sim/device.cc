#include "device.h"

#include <algorithm>
#include <utility>

#include "message.h"

namespace holdfast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration first_back_off = milliseconds(100);
constexpr Duration longest_back_off = seconds(5);
/// Unacknowledged messages at a time.
constexpr std::uint16_t window = 4;

mqtt::ClientOptions options_of(const DeviceTraits& traits) {
    mqtt::ClientOptions options;
    options.connect.version = traits.version;
    options.connect.client_id = traits.id;
    options.connect.keep_alive = traits.keep_alive;
    options.connect.clean_start = traits.clean;
    options.max_held = window;
    options.max_inflight = window;
    return options;
}

}  // namespace

Device::Device(World& world, const DeviceTraits& traits, std::uint16_t gateway_port)
    : world_(world), traits_(traits), gateway_port_(gateway_port), session_(options_of(traits)), back_off_(first_back_off) {}

void Device::arrive() {
    present_ = true;
    if (!wire_) connect();
}

void Device::go_away() {
    present_ = false;
    if (!wire_) return;
    session_.disconnect(world_.now());
    if (session_.state() == mqtt::ClientSession::State::offline) hang_up();
    if (wire_) flush();
}

void Device::lose_power() {
    if (!wire_) return;
    wire_->vanish(Side::opener);
    wire_.reset();
    if (session_.state() != mqtt::ClientSession::State::offline) static_cast<void>(session_.transport_closed(world_.now()));
    come_back_later();
}

void Device::connect() {
    if (wire_ || !present_) return;
    wire_ = world_.network.connect(gateway_port_, *this);
    last_received_ = 0;
}

void Device::come_back_later() {
    if (!present_ || std::exchange(coming_back_, true)) return;
    const Duration wait = world_.dice.duration(back_off_ / 2, back_off_);
    back_off_ = std::min(back_off_ * 2, longest_back_off);
    world_.scheduler.after(wait, [this] {
        coming_back_ = false;
        connect();
    });
}

void Device::wire_open(Wire&) {
    world_.check(session_.transport_opened(world_.now()).has_value(), "a device cannot say its CONNECT");
    flush();
}

void Device::wire_failed(Wire&, bool) {
    wire_.reset();
    come_back_later();
}

void Device::wire_bytes(Wire&, ByteView bytes) {
    while (const auto event = session_.receive(bytes, world_.now()))
        handle(*event);
    flush();
}

void Device::wire_ended(Wire&, bool) {
    hang_up();
}

void Device::handle(const mqtt::ClientEvent& event) {
    using namespace mqtt::client_event;
    if (std::holds_alternative<Connected>(event)) {
        ++connects_;
        back_off_ = first_back_off;
        publish_later();
    } else if (std::holds_alternative<Refused>(event)) {
        ++refusals_;
    } else if (const auto* got = std::get_if<Received>(&event)) {
        const std::uint64_t number = message_number(as_text(got->message.payload));
        world_.check(number == last_received_ + 1, "{} got message {} of its node after {}", id(), number, last_received_);
        last_received_ = number;
        ++received_in_all_;
    } else if (const auto* end = std::get_if<Disconnected>(&event)) {
        world_.check(end->cause != mqtt::DisconnectCause::protocol_error, "{} got something that breaks the protocol: {}", id(),
                     end->sentence);
    }
}

void Device::flush() {
    if (const ByteView out = session_.outbox(); !out.empty() && wire_) {
        wire_->send(Side::opener, out);
        session_.sent(out.size());
    }
    if (session_.wants_close()) {
        hang_up();
    } else {
        arm();
    }
}

void Device::hang_up() {
    if (wire_) wire_->close(Side::opener);
    wire_.reset();
    if (session_.state() != mqtt::ClientSession::State::offline) {
        if (const auto event = session_.transport_closed(world_.now())) handle(*event);
    }
    come_back_later();
}

void Device::arm() {
    const auto due = session_.next_timer();
    if (!due || (armed_ && *armed_ <= *due)) return;
    armed_ = due;
    world_.scheduler.at(*due, [this, due] {
        if (armed_ != due) return;
        armed_.reset();
        if (!wire_ || session_.state() == mqtt::ClientSession::State::offline) return;
        if (const auto event = session_.tick(world_.now())) handle(*event);
        flush();
    });
}

void Device::publish_later() {
    if (std::exchange(publishing_, true)) return;
    world_.scheduler.after(world_.dice.duration(milliseconds(10), milliseconds(1500)), [this] {
        publishing_ = false;
        publish();
    });
}

void Device::publish() {
    if (quiet_ || !connected()) return;
    for (std::size_t burst = world_.dice.chance(0.1) ? world_.dice.between(2, 8) : 1; burst > 0; --burst) {
        // Messages that wait for a place in the window would be overtaken by unacknowledged ones.
        if (session_.held() >= window) break;
        const std::size_t filling = world_.dice.chance(0.05) ? world_.dice.between(1000, 5000) : world_.dice.below(150);
        const std::string text = make_message(++last_published_, filling);
        const mqtt::QoS qos = world_.dice.chance(0.5) ? mqtt::QoS::at_most_once : mqtt::QoS::at_least_once;
        const auto published = session_.publish({.topic = "up", .payload = as_bytes(text), .qos = qos}, world_.now());
        world_.check(published.has_value(), "{} cannot publish", id());
    }
    flush();
    publish_later();
}

}  // namespace holdfast::sim
