#include "broker.h"

#include <utility>

#include "message.h"
#include "mqtt/codec.h"

namespace holdfast::sim {

using mqtt::Version;

/// One connection to the broker.
class Broker::Client final : public WireUser {
public:
    Client(Broker& broker, std::shared_ptr<Wire> wire) : broker_(broker), wire_(std::move(wire)) {}

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] bool welcome() const noexcept { return welcome_; }
    [[nodiscard]] Wire& wire() noexcept { return *wire_; }

    void wire_bytes(Wire&, ByteView bytes) override {
        const auto self = broker_.clients_.at(wire_->number());
        while (!gone_) {
            const auto packet = framer_.feed(bytes);
            broker_.world_.check(packet.has_value(), "{} got a stream without meaning from {}", broker_.name_, id_);
            if (packet->empty()) return;
            handle(*packet);
        }
    }

    void wire_ended(Wire&, bool) override {
        const auto self = broker_.clients_.at(wire_->number());
        leave();
    }

    void leave() {
        if (std::exchange(gone_, true)) return;
        wire_->close(Side::acceptor);
        broker_.remove(*this);
    }

    /// A newer connection of the same id is here.
    void make_room() {
        if (version_ == Version::v5) send(mqtt::Disconnect{.reason = mqtt::ReasonCode::session_taken_over, .properties = {}});
        leave();
    }

private:
    void handle(ByteView bytes) {
        const auto packet = mqtt::decode(bytes, version_, mqtt::Direction::to_server);
        broker_.world_.check(packet.has_value(), "{} got a packet from {} that is none", broker_.name_, id_);
        const bool first = !std::exchange(spoken_, true);
        broker_.world_.check(std::holds_alternative<mqtt::Connect>(*packet) == first,
                             "{} got a CONNECT that is not the first packet, or another packet first", broker_.name_);
        std::visit([this](const auto& it) { on(it); }, *packet);
    }

    void on(const mqtt::Connect& connect) {
        version_ = connect.version;
        id_ = connect.client_id;
        mqtt::Connack answer;
        if (broker_.busy_) {
            answer.code = version_ == Version::v5 ? 0x89 : 3;
            send(answer);
            leave();
            return;
        }
        if (id_.empty()) {
            id_ = fmt::format("auto-{}-{}", broker_.name_, broker_.assigned_.size() + 1);
            broker_.assigned_.insert(id_);
            if (version_ == Version::v5) {
                answer.properties.assigned_client_identifier = id_;
                answer.properties.session_expiry_interval = 3600;
            }
        }
        broker_.take_over(id_, *this);
        welcome_ = true;
        if (version_ == Version::v5 && broker_.world_.dice.chance(0.2)) answer.properties.server_keep_alive = 20;
        send(answer);
        if (broker_.world_.dice.chance(0.3)) send_message();
    }

    void on(const mqtt::Publish& publish) {
        if (publish.topic != "up") return;
        const std::uint64_t number = message_number(as_text(publish.payload));
        broker_.world_.check(number > last_number_, "{} got message {} of {} after {}", broker_.name_, number, id_,
                             last_number_);
        last_number_ = number;
        ++broker_.messages_;
        if (publish.qos == mqtt::QoS::at_least_once) send(mqtt::Puback{.packet_id = publish.packet_id});
        for (std::size_t copies = broker_.world_.dice.between(1, 3); copies > 0; --copies)
            send_message();
    }

    void on(const mqtt::Subscribe& subscribe) {
        mqtt::Suback answer;
        answer.packet_id = subscribe.packet_id;
        answer.codes.resize(subscribe.subscriptions.size(), mqtt::ReasonCode::granted_qos_0);
        send(answer);
    }
    void on(const mqtt::Pingreq&) { send(mqtt::Pingresp{}); }
    void on(const mqtt::Disconnect&) { leave(); }
    template <class Other>
    void on(const Other&) {}

    void send_message() {
        mqtt::Publish publish;
        publish.topic = "down";
        Dice& dice = broker_.world_.dice;
        const std::size_t filling = dice.chance(0.05) ? dice.between(1000, 5000) : dice.below(200);
        const std::string text = make_message(++sent_number_, filling);
        publish.payload.assign(text.begin(), text.end());
        if (dice.chance(0.3)) {
            publish.qos = mqtt::QoS::at_least_once;
            publish.packet_id = static_cast<std::uint16_t>(1 + sent_number_ % 65'535);
        }
        send(publish);
    }

    template <class Packet>
    void send(const Packet& packet) {
        ByteBuffer bytes;
        broker_.world_.check(mqtt::encode(packet, version_, bytes).has_value(), "a broker's packet cannot be encoded");
        wire_->send(Side::acceptor, bytes);
    }

    Broker& broker_;
    std::shared_ptr<Wire> wire_;
    mqtt::Framer framer_;
    Version version_ = Version::v311;
    std::string id_;
    bool spoken_ = false;
    bool welcome_ = false;
    bool gone_ = false;
    std::uint64_t last_number_ = 0;
    std::uint64_t sent_number_ = 0;
};

Broker::Broker(World& world, std::string name, std::uint16_t port)
    : world_(world), name_(std::move(name)), port_(port), well_since_(world.now()) {
    world_.network.listen(port_, *this);
}

Broker::~Broker() = default;

Listener::Mood Broker::mood() const {
    if (state_ == State::crashed) return Mood::refuses;
    return state_ == State::without_power ? Mood::silent : Mood::accepts;
}

WireUser* Broker::take(const std::shared_ptr<Wire>& wire) {
    const auto client = std::make_shared<Client>(*this, wire);
    clients_[wire->number()] = client;
    if (state_ == State::frozen) wire->pause(Side::acceptor, true);
    return client.get();
}

void Broker::not_well() {
    well_since_.reset();
}

void Broker::crash() {
    if (state_ == State::crashed || state_ == State::without_power) return;
    world_.tell("{} crashes", name_);
    state_ = State::crashed;
    not_well();
    for (auto& [number, client] : clients_)
        client->wire().reset(Side::acceptor);
    clients_.clear();
}

void Broker::lose_power() {
    if (state_ == State::crashed || state_ == State::without_power) return;
    world_.tell("{} loses its power", name_);
    state_ = State::without_power;
    not_well();
    for (auto& [number, client] : clients_) {
        client->wire().vanish(Side::acceptor);
        forgotten_.push_back(client->wire().weak_from_this());
    }
    clients_.clear();
}

void Broker::freeze() {
    if (state_ != State::running) return;
    world_.tell("{} freezes", name_);
    state_ = State::frozen;
    not_well();
    for (auto& [number, client] : clients_)
        client->wire().pause(Side::acceptor, true);
}

void Broker::recover() {
    set_busy(false);
    if (state_ == State::running) return;
    world_.tell("{} is back", name_);
    const bool thaws = state_ == State::frozen;
    state_ = State::running;
    well_since_ = world_.now();
    for (const auto& wire : std::exchange(forgotten_, {})) {
        if (const auto alive = wire.lock()) alive->come_back(Side::acceptor);
    }
    if (!thaws) return;
    for (auto& [number, client] : clients_)
        client->wire().pause(Side::acceptor, false);
}

void Broker::set_busy(bool busy) {
    if (busy_ == busy) return;
    busy_ = busy;
    well_since_ = busy || state_ != State::running ? std::nullopt : std::optional(world_.now());
}

std::size_t Broker::count(std::string_view id) const {
    std::size_t count = 0;
    for (const auto& [number, client] : clients_)
        count += static_cast<std::size_t>(client->id() == id && client->welcome());
    return count;
}

void Broker::remove(Client& client) {
    clients_.erase(client.wire().number());
}

void Broker::take_over(std::string_view id, const Client& by) {
    std::shared_ptr<Client> older;
    for (const auto& [number, client] : clients_) {
        if (client.get() != &by && client->welcome() && client->id() == id) older = client;
    }
    if (older) older->make_room();
}

}  // namespace holdfast::sim
