#include "proxy/acknowledgement_follower.h"

#include <algorithm>
#include <utility>

namespace holdfast::proxy {

namespace {

constexpr std::size_t length_field = 2;
constexpr std::size_t packet_id_field = 2;
/// Topic and packet id of a PUBLISH, at most.
constexpr std::size_t publish_head_max = length_field + AcknowledgementFollower::max_topic + packet_id_field;
/// Packet id and, in v5, reason code of a PUBACK.
constexpr std::size_t puback_head_max = packet_id_field + 1;
/// Reason codes from here on are failures (MQTT5 2.4).
constexpr std::uint8_t first_failure = 0x80;

std::uint16_t number_at(ByteView bytes, std::size_t at) noexcept {
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

}  // namespace

bool AcknowledgementFollower::collect(Head& head, ByteView piece) {
    const std::size_t count = std::min(head.left, piece.size());
    head.bytes.insert(head.bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
    head.left -= count;
    return head.left == 0;
}

void AcknowledgementFollower::publish(const mqtt::WalkedPacket& packet, ByteView piece, std::span<const std::string> prefixes) {
    from_node_.bytes.clear();
    from_node_.left = std::min<std::size_t>(packet.remaining_length, publish_head_max);
    if (collect(from_node_, piece.subspan(packet.body_offset))) publish_head(prefixes);
}

void AcknowledgementFollower::more_from_node(ByteView piece, std::span<const std::string> prefixes) {
    if (collect(from_node_, piece)) publish_head(prefixes);
}

void AcknowledgementFollower::puback(const mqtt::WalkedPacket& packet, ByteView piece) {
    if (followed_.empty()) return;
    from_device_.bytes.clear();
    from_device_.left = std::min<std::size_t>(packet.remaining_length, puback_head_max);
    if (collect(from_device_, piece.subspan(packet.body_offset))) puback_head();
}

void AcknowledgementFollower::more_from_device(ByteView piece) {
    if (collect(from_device_, piece)) puback_head();
}

// MQTT5 3.3.2: topic name, then packet id.
void AcknowledgementFollower::publish_head(std::span<const std::string> prefixes) {
    const ByteView head = from_node_.bytes;
    if (head.size() < length_field) return;
    const std::size_t topic_size = number_at(head, 0);
    if (topic_size > max_topic || head.size() < length_field + topic_size + packet_id_field) return;
    const std::string_view topic(reinterpret_cast<const char*>(head.data()) + length_field, topic_size);
    if (std::ranges::none_of(prefixes, [topic](const std::string& prefix) { return topic.starts_with(prefix); })) return;
    const std::uint16_t packet_id = number_at(head, length_field + topic_size);
    // The node uses an id again only after its PUBACK; a message sent again has the same one.
    std::erase_if(followed_, [packet_id](const Followed& one) { return one.packet_id == packet_id; });
    if (followed_.size() == max_followed) followed_.erase(followed_.begin());
    followed_.push_back({packet_id, std::string(topic)});
}

// MQTT5 3.4.2: packet id, then the reason code, unless it is success.
void AcknowledgementFollower::puback_head() {
    const ByteView head = from_device_.bytes;
    if (head.size() < packet_id_field) return;
    const std::uint16_t packet_id = number_at(head, 0);
    const auto one = std::ranges::find(followed_, packet_id, &Followed::packet_id);
    if (one == followed_.end()) return;
    const bool refused =
        version_ == mqtt::Version::v5 && head.size() > packet_id_field && head[packet_id_field] >= first_failure;
    if (!refused && acknowledged_.size() < max_followed) acknowledged_.push_back(std::move(one->topic));
    followed_.erase(one);
}

std::vector<std::string> AcknowledgementFollower::take_acknowledged() noexcept {
    return std::exchange(acknowledged_, {});
}

}  // namespace holdfast::proxy
