#include "stranger.h"

#include "mqtt/codec.h"

namespace holdfast::sim {

Stranger::Stranger(World& world, std::uint16_t gateway_port)
    : world_(world), wire_(world.network.connect(gateway_port, *this)) {}

Stranger::~Stranger() {
    wire_->close(Side::opener);
}

void Stranger::wire_open(Wire&) {
    Dice& dice = world_.dice;
    mqtt::Connect connect;
    connect.version = dice.chance(0.5) ? mqtt::Version::v5 : mqtt::Version::v311;
    connect.keep_alive = 5;
    ByteBuffer bytes;
    world_.check(mqtt::encode(connect, connect.version, bytes).has_value(), "a stranger's CONNECT cannot be encoded");
    switch (dice.below(5)) {
        case 0:
            return;
        case 1:
            for (Byte& byte : bytes)
                byte = static_cast<Byte>(dice.below(256));
            break;
        case 2:
            bytes.resize(dice.between(1, bytes.size() - 1));
            break;
        case 3:
            bytes[dice.below(bytes.size())] ^= static_cast<Byte>(1U << dice.below(8));
            break;
        default:
            bytes.insert(bytes.end(), {0xC0, 0x00, 0xE0, 0x00});
            break;
    }
    wire_->send(Side::opener, bytes);
    if (dice.chance(0.5)) wire_->finish(Side::opener);
}

void Stranger::wire_ended(Wire&, bool) {
    wire_->close(Side::opener);
}

}  // namespace holdfast::sim
