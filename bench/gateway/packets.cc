#include "packets.h"

namespace holdfast::bench {
namespace {

void put_u16(std::string& out, std::size_t value) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value & 0xFF));
}

void put_text(std::string& out, std::string_view text) {
    put_u16(out, text.size());
    out.append(text);
}

std::string with_fixed_header(std::uint8_t type_byte, std::string_view body) {
    std::string packet;
    packet.reserve(body.size() + 5);
    packet.push_back(static_cast<char>(type_byte));
    std::size_t left = body.size();
    do {
        std::uint8_t byte = left & 0x7F;
        left >>= 7;
        if (left > 0) byte |= 0x80;
        packet.push_back(static_cast<char>(byte));
    } while (left > 0);
    packet.append(body);
    return packet;
}

/// Takes bytes from the front of a packet's body; every step says whether there was enough.
class BodyReader {
public:
    explicit BodyReader(std::span<const char> body) : rest_(body) {}

    bool take_u8(std::uint8_t& value) {
        if (rest_.empty()) return false;
        value = static_cast<std::uint8_t>(rest_.front());
        rest_ = rest_.subspan(1);
        return true;
    }

    bool take_text(std::string_view& text) {
        std::uint8_t high = 0;
        std::uint8_t low = 0;
        if (!take_u8(high) || !take_u8(low)) return false;
        const std::size_t size = static_cast<std::size_t>(high) << 8 | low;
        if (rest_.size() < size) return false;
        text = std::string_view(rest_.data(), size);
        rest_ = rest_.subspan(size);
        return true;
    }

    bool skip(std::size_t count) {
        if (rest_.size() < count) return false;
        rest_ = rest_.subspan(count);
        return true;
    }

    bool skip_properties() {
        std::size_t size = 0;
        for (unsigned shift = 0; shift < 28; shift += 7) {
            std::uint8_t byte = 0;
            if (!take_u8(byte)) return false;
            size |= static_cast<std::size_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) return skip(size);
        }
        return false;
    }

private:
    std::span<const char> rest_;
};

}  // namespace

std::string make_connect(Version version, std::string_view client_id) {
    std::string body;
    put_text(body, version == Version::v3_1 ? "MQIsdp" : "MQTT");
    body.push_back(static_cast<char>(version));
    body.push_back(0x02);  // clean session
    put_u16(body, 0);      // keep alive
    if (version == Version::v5) body.push_back(0);
    put_text(body, client_id);
    return with_fixed_header(type_connect, body);
}

std::string make_connack(Version version) {
    return version == Version::v5 ? std::string("\x20\x03\x00\x00\x00", 5) : std::string("\x20\x02\x00\x00", 4);
}

std::string make_publish(Version version, std::string_view topic, std::string_view payload) {
    std::string body;
    body.reserve(topic.size() + payload.size() + 3);
    put_text(body, topic);
    if (version == Version::v5) body.push_back(0);
    body.append(payload);
    return with_fixed_header(type_publish, body);
}

HeaderState read_fixed_header(std::span<const char> bytes, FixedHeader& header) {
    std::size_t body_size = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
        if (bytes.size() <= i) return HeaderState::incomplete;
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        body_size |= static_cast<std::size_t>(byte & 0x7F) << (7 * (i - 1));
        if ((byte & 0x80) == 0) {
            header = FixedHeader{static_cast<std::uint8_t>(bytes[0]), i + 1, body_size};
            return HeaderState::complete;
        }
    }
    return HeaderState::malformed;
}

std::optional<ConnectFacts> read_connect(std::span<const char> packet, const FixedHeader& header) {
    if (header.type_byte != type_connect || packet.size() < header.packet_size()) return std::nullopt;
    BodyReader body(packet.subspan(header.header_size, header.body_size));
    std::string_view name;
    std::uint8_t level = 0;
    if (!body.take_text(name) || !body.take_u8(level) || !body.skip(3)) return std::nullopt;
    level &= 0x7F;
    if (level < 3 || level > 5) return std::nullopt;
    const auto version = static_cast<Version>(level);
    if (version == Version::v5 && !body.skip_properties()) return std::nullopt;
    std::string_view client_id;
    if (!body.take_text(client_id)) return std::nullopt;
    return ConnectFacts{version, client_id};
}

}  // namespace holdfast::bench
