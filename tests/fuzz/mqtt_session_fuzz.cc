// A client session between a server that says anything and a user who does anything. Whatever happens, what the session says is
// MQTT, its bounds hold, and each publish ends at most once.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/assert.h"
#include "exact_copy.h"
#include "mqtt/client_session.h"

namespace {

using namespace holdfast;
using namespace holdfast::mqtt;

ClientOptions options_of(std::uint8_t choice) {
    ClientOptions options;
    options.connect.version = static_cast<Version>(3 + choice % 3);
    options.connect.client_id = "fuzz";
    options.connect.clean_start = (choice & 0x40) != 0;
    options.connect.keep_alive = (choice & 0x80) != 0 ? 5 : 0;
    if (options.connect.version == Version::v5) {
        options.connect.properties.topic_alias_maximum = 3;
        options.connect.properties.receive_maximum = 4;
        options.connect.properties.authentication_method = "m";
    }
    options.max_inflight = 3;
    options.max_held = 5;
    options.max_outbox = 2'000;
    options.max_packet_size = 1'000;
    return options;
}

class World {
public:
    World(std::uint8_t choice, ByteView script) : session_(options_of(choice)), script_(script) {}

    void run() {
        while (!script_.empty()) {
            step(take());
            drain();
            HF_ASSERT(session_.held() <= 5 && session_.inflight() <= 3, "bounds are kept");
        }
        if (is_open()) close();
    }

private:
    [[nodiscard]] bool is_open() const { return session_.state() != ClientSession::State::offline; }

    std::uint8_t take() {
        if (script_.empty()) return 0;
        const std::uint8_t byte = script_.front();
        script_ = script_.subspan(1);
        return byte;
    }

    void step(std::uint8_t choice) {
        switch (choice % 12) {
            case 0:
                if (!is_open()) open();
                break;
            case 1:
                if (is_open()) close();
                break;
            case 2:
            case 3: {
                const std::size_t size = std::min<std::size_t>(take(), script_.size());
                const ExactCopy bytes(script_.first(size));
                script_ = script_.subspan(size);
                receive(bytes.view());
                break;
            }
            case 4:
                receive_packet(Connack{.session_present = choice >= 128});
                break;
            case 5:
                receive_packet(Puback{.packet_id = static_cast<std::uint16_t>(1 + take() % 8)});
                break;
            case 6:
                receive_packet(Pubrec{.packet_id = static_cast<std::uint16_t>(1 + take() % 8)});
                break;
            case 7:
                receive_packet(Pubcomp{.packet_id = static_cast<std::uint16_t>(1 + take() % 8)});
                break;
            case 8:
                publish(take());
                break;
            case 9: {
                const std::vector<Subscription> subscriptions(1 + choice / 128, Subscription{.filter = "a/#"});
                static_cast<void>(session_.subscribe(subscriptions, now_));
                break;
            }
            case 10: {
                now_ += std::chrono::milliseconds(100) * take();
                if (const auto event = session_.tick(now_)) note(*event);
                break;
            }
            default:
                session_.disconnect(now_);
                break;
        }
    }

    void open() {
        HF_ASSERT(session_.transport_opened(now_).has_value(), "the options can be said");
        said_.reset();
    }

    void close() {
        if (const auto event = session_.transport_closed(now_)) note(*event);
        HF_ASSERT(session_.outbox().empty(), "nothing is left for a connection that is gone");
    }

    void publish(std::uint8_t choice) {
        const ByteBuffer payload(choice, 'x');
        const auto ticket = session_.publish(
            {.topic = "t", .payload = payload, .qos = static_cast<QoS>(choice % 3), .retain = choice > 200}, now_);
        if (ticket && choice % 3 != 0) HF_ASSERT(open_tickets_.emplace(*ticket, true).second, "a ticket is new");
    }

    void receive_packet(const Packet& packet) {
        ByteBuffer bytes;
        if (encode(packet, session_.version(), bytes)) receive(ExactCopy(bytes).view());
    }

    void receive(ByteView bytes) {
        if (!is_open()) return;
        // Each packet gives one event at most, and so does each publish that is held.
        std::size_t events = bytes.size() + 10;
        while (const auto event = session_.receive(bytes, now_)) {
            HF_ASSERT(events-- > 0, "events come to an end");
            note(*event);
        }
        HF_ASSERT(bytes.empty(), "all is taken");
    }

    void note(const ClientEvent& event) {
        if (const auto* done = std::get_if<client_event::Acknowledged>(&event)) end(done->ticket);
        if (const auto* lost = std::get_if<client_event::PublishFailed>(&event)) end(lost->ticket);
        if (const auto* message = std::get_if<client_event::Received>(&event)) checksum_ += message->message.topic.size();
        if (const auto* gone = std::get_if<client_event::Disconnected>(&event)) checksum_ += gone->sentence.size();
    }

    void end(PublishTicket ticket) { HF_ASSERT(open_tickets_.erase(ticket) == 1, "a publish ends once"); }

    void drain() {
        HF_ASSERT(open_tickets_.size() == session_.held(), "what is held has not ended");
        const ByteBuffer said(session_.outbox().begin(), session_.outbox().end());
        session_.sent(said.size());
        ByteView input = said;
        while (true) {
            const auto packet = said_.feed(input);
            HF_ASSERT(packet.has_value(), "the session says whole packets");
            if (packet->empty()) break;
            HF_ASSERT(decode(*packet, session_.version(), Direction::to_server).has_value(), "the session says MQTT");
        }
        HF_ASSERT(said_.at_boundary(), "the session says whole packets");
        static_cast<void>(session_.next_timer());
    }

    ClientSession session_;
    ByteView script_;
    Time now_{};
    Framer said_;
    std::map<PublishTicket, bool> open_tickets_;
    std::size_t checksum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    World(data[0], ByteView(data + 1, size - 1)).run();
    return 0;
}
