#include "mqtt/packet_body.h"

#include "mqtt/fixed_header.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt {

std::expected<ByteView, Errc> packet_body(ByteView packet, Version version) noexcept {
    const FixedHeader header = read_fixed_header(packet);
    if (header.state == FixedHeader::State::bad) return std::unexpected(Errc::malformed_packet);
    if (header.state == FixedHeader::State::partial || packet.size() < header.packet_size())
        return std::unexpected(Errc::truncated);
    if (packet.size() > header.packet_size()) return std::unexpected(Errc::malformed_packet);
    const bool is_shortest = std::size_t{header.size} == 1 + variable_integer_size(header.length);
    if (version == Version::v5 && !is_shortest) return std::unexpected(Errc::malformed_packet);
    return packet.subspan(header.size);
}

}  // namespace holdfast::mqtt
