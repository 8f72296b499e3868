#include "mqtt/packet_id_set.h"

#include <algorithm>

namespace holdfast::mqtt {

bool PacketIdSet::contains(std::uint16_t id) const noexcept {
    return std::ranges::binary_search(ids_, id);
}

bool PacketIdSet::insert(std::uint16_t id) {
    const auto place = std::ranges::lower_bound(ids_, id);
    if (place != ids_.end() && *place == id) return false;
    ids_.insert(place, id);
    return true;
}

bool PacketIdSet::erase(std::uint16_t id) noexcept {
    const auto place = std::ranges::lower_bound(ids_, id);
    if (place == ids_.end() || *place != id) return false;
    ids_.erase(place);
    return true;
}

}  // namespace holdfast::mqtt
