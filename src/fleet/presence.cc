#include "fleet/presence.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <limits>
#include <string>

#include "base/assert.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace holdfast::fleet {

namespace {

using SlotIndex = std::uint32_t;
constexpr SlotIndex no_slot = std::numeric_limits<SlotIndex>::max();
constexpr std::size_t slots_per_chunk = 1024;
constexpr std::size_t remembered_ends = 8192;  // connections that ended lately, to see takeovers whose end was told first
constexpr Duration remembered_for = std::chrono::seconds(5);

std::uint64_t hash_of(std::string_view device) {
    return XXH3_64bits(device.data(), device.size());
}

/// One open connection: numbers here, texts (device, source, username) in one run of bytes.
struct Slot {
    ConnectionId connection;
    Time at{};
    std::unique_ptr<char[]> text;
    std::uint32_t since = 0;  // seconds
    NodeIndex node;
    SlotIndex next_on_node = no_slot;
    SlotIndex previous_on_node = no_slot;
    std::uint32_t hash = 0;  // of the device
    std::uint16_t device_length = 0;
    std::uint16_t username_length = 0;
    ClusterIndex cluster;
    std::uint8_t source_length = 0;
    std::uint8_t mqtt_version = 0;
    RouteKind kind = RouteKind::hash;
    bool current = false;
    bool ending = false;

    [[nodiscard]] std::string_view device() const { return {text.get(), device_length}; }
    [[nodiscard]] std::string_view source() const { return {text.get() + device_length, source_length}; }
    [[nodiscard]] std::string_view username() const { return {text.get() + device_length + source_length, username_length}; }

    void set_text(const Opened& fact) {
        const std::size_t source_bytes = std::min<std::size_t>(fact.source.size(), std::numeric_limits<std::uint8_t>::max());
        device_length = static_cast<std::uint16_t>(std::min<std::size_t>(fact.device.size(), 0xFFFF));
        username_length = static_cast<std::uint16_t>(std::min<std::size_t>(fact.username.size(), 0xFFFF));
        source_length = static_cast<std::uint8_t>(source_bytes);
        const std::size_t bytes = std::size_t{device_length} + source_length + username_length;
        if (bytes == 0) return;
        text = std::make_unique_for_overwrite<char[]>(bytes);
        char* to = std::copy_n(fact.device.data(), device_length, text.get());
        to = std::copy_n(fact.source.data(), source_length, to);
        std::copy_n(fact.username.data(), username_length, to);
    }
};

/// Slots at stable addresses, so that growing never copies a million of them at once.
class Slots {
public:
    [[nodiscard]] Slot& operator[](SlotIndex i) { return chunks_[i / slots_per_chunk]->at(i % slots_per_chunk); }
    [[nodiscard]] const Slot& operator[](SlotIndex i) const { return chunks_[i / slots_per_chunk]->at(i % slots_per_chunk); }
    [[nodiscard]] SlotIndex end() const { return used_; }

    SlotIndex take() {
        if (!free_.empty()) {
            const SlotIndex slot = free_.back();
            free_.pop_back();
            return slot;
        }
        if (used_ % slots_per_chunk == 0 && used_ / slots_per_chunk == chunks_.size())
            chunks_.push_back(std::make_unique<Chunk>());
        return used_++;
    }
    void give(SlotIndex slot) {
        (*this)[slot] = Slot{};
        free_.push_back(slot);
        if (free_.size() == used_ && chunks_.size() > 1) clear();
    }

private:
    using Chunk = std::array<Slot, slots_per_chunk>;
    /// The last connection of many has ended: their memory goes back, but for one chunk.
    void clear() {
        free_ = std::vector<SlotIndex>();
        chunks_.resize(1);
        chunks_.shrink_to_fit();
        used_ = 0;
    }
    std::vector<std::unique_ptr<Chunk>> chunks_;
    std::vector<SlotIndex> free_;
    SlotIndex used_ = 0;
};

/// Finds slots by device without keeping the id twice.
struct DeviceKey {
    std::string_view device;
    std::uint32_t hash;
};
struct SlotHash {
    using is_transparent = void;
    const Slots* slots;
    std::size_t operator()(SlotIndex slot) const { return spread((*slots)[slot].hash); }
    std::size_t operator()(const DeviceKey& key) const { return spread(key.hash); }
    static std::size_t spread(std::uint32_t hash) { return static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15ULL); }
};
struct SlotEqual {
    using is_transparent = void;
    const Slots* slots;
    bool operator()(SlotIndex a, SlotIndex b) const { return a == b; }
    bool operator()(SlotIndex slot, const DeviceKey& key) const {
        return (*slots)[slot].hash == key.hash && (*slots)[slot].device() == key.device;
    }
    bool operator()(const DeviceKey& key, SlotIndex slot) const { return (*this)(slot, key); }
};

struct OnNode {
    SlotIndex first = no_slot;
    std::size_t count = 0;
};

/// A device's connection that ended lately.
struct Ended {
    std::uint64_t device_hash = 0;
    Time closed_at{};
    std::string source;
};

}  // namespace

struct Presence::State {
    Slots slots;
    boost::unordered_flat_map<std::uint64_t, SlotIndex> by_connection;
    boost::unordered_flat_set<SlotIndex, SlotHash, SlotEqual> by_device{0, SlotHash{&slots}, SlotEqual{&slots}};
    std::vector<OnNode> on_node;
    std::size_t anonymous = 0;
    // Ends by device hash; a ring in which each place overwrites what was there long ago.
    std::vector<Ended> ended = std::vector<Ended>(remembered_ends);

    void link(SlotIndex index) {
        Slot& slot = slots[index];
        if (!slot.node.valid()) return;
        if (slot.node.value() >= on_node.size()) on_node.resize(std::size_t{slot.node.value()} + 1);
        OnNode& list = on_node[slot.node.value()];
        slot.next_on_node = list.first;
        if (list.first != no_slot) slots[list.first].previous_on_node = index;
        list.first = index;
        ++list.count;
    }

    void unlink(SlotIndex index) {
        const Slot& slot = slots[index];
        if (!slot.node.valid()) return;
        OnNode& list = on_node[slot.node.value()];
        if (slot.previous_on_node == no_slot) {
            list.first = slot.next_on_node;
        } else {
            slots[slot.previous_on_node].next_on_node = slot.next_on_node;
        }
        if (slot.next_on_node != no_slot) slots[slot.next_on_node].previous_on_node = slot.previous_on_node;
        --list.count;
    }

    [[nodiscard]] SlotIndex find(std::string_view device) const {
        const auto found = by_device.find(DeviceKey{device, static_cast<std::uint32_t>(hash_of(device))});
        return found == by_device.end() ? no_slot : *found;
    }

    [[nodiscard]] SlotIndex find(ConnectionId connection) const {
        const auto found = by_connection.find(connection.value());
        return found == by_connection.end() ? no_slot : found->second;
    }

    void remember_end(const Slot& slot, Time at) {
        const std::uint64_t hash = hash_of(slot.device());
        ended[hash % remembered_ends] = {hash, at, std::string(slot.source())};
    }

    /// The end of another connection of the device that came after `asked_at`; null when there is none.
    [[nodiscard]] const Ended* overlapping_end(std::string_view device, Time asked_at, Time at) const {
        const std::uint64_t hash = hash_of(device);
        const Ended& end = ended[hash % remembered_ends];
        const bool overlaps = end.device_hash == hash && end.closed_at > asked_at && at - end.closed_at < remembered_for;
        return overlaps ? &end : nullptr;
    }

    [[nodiscard]] PresentConnection show(SlotIndex index) const {
        const Slot& slot = slots[index];
        return {.connection = slot.connection,
                .device = slot.device(),
                .node = slot.node,
                .cluster = slot.cluster,
                .kind = slot.kind,
                .current = slot.current,
                .ending = slot.ending,
                .mqtt_version = slot.mqtt_version,
                .at = slot.at,
                .since = WallTime(std::chrono::seconds(slot.since)),
                .source = slot.source(),
                .username = slot.username()};
    }
};

Presence::Presence() : state_(std::make_unique<State>()) {}
Presence::~Presence() = default;

Presence::OpenResult Presence::opened(const Opened& fact) {
    State& s = *state_;
    OpenResult result;
    const SlotIndex index = s.slots.take();
    Slot& slot = s.slots[index];
    slot.connection = fact.connection;
    slot.at = fact.at;
    slot.since = static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(fact.wall.time_since_epoch()).count());
    slot.node = fact.node;
    slot.cluster = fact.cluster;
    slot.kind = fact.kind;
    slot.mqtt_version = fact.mqtt_version;
    slot.set_text(fact);
    const bool fresh = s.by_connection.try_emplace(fact.connection.value(), index).second;
    HF_ASSERT(fresh, "a connection opens once");
    s.link(index);
    slot.current = true;
    if (fact.device.empty()) {
        ++s.anonymous;
        return result;
    }
    slot.hash = static_cast<std::uint32_t>(hash_of(fact.device));
    const SlotIndex other = s.find(fact.device);
    if (other == no_slot) {
        s.by_device.insert(index);
        if (const Ended* end = s.overlapping_end(fact.device, fact.asked_at, fact.at)) {
            result.takeover = true;
            result.other_source = end->source;
        }
        return result;
    }
    Slot& known = s.slots[other];
    result.other = known.connection;
    result.other_node = known.node;
    result.other_source = known.source();
    result.takeover = true;
    result.current = fact.at >= known.at;
    if (!result.current) {
        slot.current = false;
        return result;
    }
    known.current = false;
    s.by_device.erase(other);
    s.by_device.insert(index);
    return result;
}

Presence::CloseResult Presence::closed(const Closed& fact) {
    State& s = *state_;
    CloseResult result;
    const auto found = s.by_connection.find(fact.connection.value());
    if (found == s.by_connection.end()) return result;
    const SlotIndex index = found->second;
    const Slot& slot = s.slots[index];
    result.found = true;
    result.was_current = slot.current;
    result.node = slot.node;
    result.cluster = slot.cluster;
    s.by_connection.erase(found);
    s.unlink(index);
    if (slot.device_length == 0) {
        --s.anonymous;
    } else {
        if (slot.current) {
            s.by_device.erase(index);
            s.remember_end(slot, fact.at);
        }
        result.device.assign(slot.device());
    }
    s.slots.give(index);
    return result;
}

bool Presence::mark_ending(ConnectionId connection) noexcept {
    const SlotIndex index = state_->find(connection);
    if (index == no_slot || state_->slots[index].ending) return false;
    state_->slots[index].ending = true;
    return true;
}

std::optional<PresentConnection> Presence::find(std::string_view device) const {
    const SlotIndex index = state_->find(device);
    if (index == no_slot) return std::nullopt;
    return state_->show(index);
}

std::optional<PresentConnection> Presence::find(ConnectionId connection) const {
    const SlotIndex index = state_->find(connection);
    if (index == no_slot) return std::nullopt;
    return state_->show(index);
}

std::size_t Presence::size() const noexcept {
    return state_->by_connection.size();
}
std::size_t Presence::anonymous() const noexcept {
    return state_->anonymous;
}

std::size_t Presence::count_on(NodeIndex node) const noexcept {
    return node.value() < state_->on_node.size() ? state_->on_node[node.value()].count : 0;
}

std::vector<ConnectionId> Presence::connections_on(NodeIndex node) const {
    std::vector<ConnectionId> connections;
    if (node.value() >= state_->on_node.size()) return connections;
    connections.reserve(state_->on_node[node.value()].count);
    for (SlotIndex i = state_->on_node[node.value()].first; i != no_slot; i = state_->slots[i].next_on_node)
        connections.push_back(state_->slots[i].connection);
    return connections;
}

std::uint64_t Presence::page(std::uint64_t cursor, std::size_t limit, std::vector<PresentConnection>& out) const {
    const SlotIndex end = state_->slots.end();
    if (cursor >= end) return 0;
    for (auto i = static_cast<SlotIndex>(cursor); i < end; ++i) {
        if (!state_->slots[i].connection.valid()) continue;
        if (limit == 0) return i;
        --limit;
        out.push_back(state_->show(i));
    }
    return 0;
}

}  // namespace holdfast::fleet
