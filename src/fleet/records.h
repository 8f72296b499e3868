#pragma once
// What of the fleet is stored. Records speak by name, because names are stable and indexes are not. The fleet machine emits a
// `Change` for everything that must survive the process; storage writes them behind, in order, and hands the whole back as a
// `FleetImage`. Applying a change twice is the same as once. Passwords are in none of these.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace holdfast::fleet {

/// Bounds of what records hold; checked by the fleet machine before anything is stored.
constexpr std::size_t max_name_length = 128;         ///< bytes of a cluster's or node's name
constexpr std::size_t max_device_id_length = 65535;  ///< bytes; what MQTT allows for a client id
constexpr std::size_t max_tags = 16;                 ///< tags on a device
constexpr std::size_t max_tag_length = 64;           ///< bytes of a tag
constexpr std::size_t max_note_length = 512;         ///< bytes of an operator's note on a device
constexpr std::uint32_t default_weight = 100;
constexpr std::uint32_t max_weight = 10'000;
constexpr std::uint32_t default_priority = 100;
constexpr std::uint32_t max_priority = 10'000;

/// Who declared a cluster.
enum class ClusterSource : std::uint8_t {
    static_settings,  ///< the settings file
    local,            ///< Mosquitto processes that Holdfast starts itself
    api,              ///< an operator, through the API
};
[[nodiscard]] std::string_view to_string(ClusterSource source) noexcept;  ///< "static", "local", "api"
[[nodiscard]] std::optional<ClusterSource> cluster_source_from(std::string_view text) noexcept;

/// How a cluster's nodes share its devices.
enum class ClusterPolicy : std::uint8_t {
    sticky_hash,     ///< each device stays on its node; the hash chooses the first one
    active_standby,  ///< all devices are on the active node; the others stand by
};
[[nodiscard]] std::string_view to_string(ClusterPolicy policy) noexcept;  ///< "sticky-hash", "active-standby"
[[nodiscard]] std::optional<ClusterPolicy> cluster_policy_from(std::string_view text) noexcept;

struct ClusterRecord {
    std::string name = {};
    std::uint32_t weight =
        default_weight;  ///< its share of new devices; 0 = none by hash (rules and operators may still send some)
    ClusterSource source = ClusterSource::api;
    bool enabled = true;  ///< takes new devices; devices at home here are served either way
    ClusterPolicy policy = ClusterPolicy::sticky_hash;
    std::string active = {};         ///< of policy active-standby: the active node; empty: not chosen yet
    std::uint64_t active_epoch = 0;  ///< in which it was chosen; only ever rises

    friend bool operator==(const ClusterRecord&, const ClusterRecord&) = default;
};
struct ClusterErased {
    std::string name = {};
    friend bool operator==(const ClusterErased&, const ClusterErased&) = default;
};

/// A node. Names are unique in the whole fleet, not only in the cluster.
struct NodeRecord {
    std::string cluster = {};
    std::string name = {};
    std::string host = {};  ///< name or address as declared
    std::uint16_t port = 1883;
    std::uint32_t weight =
        default_weight;  ///< its share of its cluster by hash; 0 = none (explicit and sticky routes still lead here)
    bool draining = false;
    bool listed = true;       ///< false: its cluster no longer lists it (`left`)
    std::string origin = {};  ///< which discovery listed it, e.g. "static", "local", "api"; it alone can unlist it
    std::uint32_t priority =
        default_priority;  ///< of policy active-standby: the lowest becomes active first; 0: never by itself

    friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};
struct NodeErased {
    std::string name = {};
    friend bool operator==(const NodeErased&, const NodeErased&) = default;
};

struct DeviceRecord {
    std::string id = {};                 ///< bytes as identified by the policy; never empty
    std::string home = {};               ///< home cluster's name; empty: not yet allocated
    std::string explicit_cluster = {};   ///< empty: none. An operator's word; beats home
    std::string explicit_node = {};      ///< empty: none. An operator's word; beats sticky
    std::string sticky_node = {};        ///< empty: none. Where it was last
    WallTime enrolled_at{};              ///< resolution of one second, as all times here; 0: never
    WallTime routed_at{};                ///< when its route last changed
    WallTime connected_last{};           ///< last CONNECT accepted, to `FleetOptions::connected_last_resolution`
    bool disabled = false;               ///< refused at CONNECT
    std::vector<std::string> tags = {};  ///< sorted, unique; at most max_tags
    std::string note = {};

    friend bool operator==(const DeviceRecord&, const DeviceRecord&) = default;
};
struct DeviceErased {
    std::string id = {};
    friend bool operator==(const DeviceErased&, const DeviceErased&) = default;
};

/// One thing to persist: the record's new whole value, or that it is gone.
using Change = std::variant<ClusterRecord, ClusterErased, NodeRecord, NodeErased, DeviceRecord, DeviceErased>;

/// Everything that was stored, as storage loads it. Order does not matter.
struct FleetImage {
    std::vector<ClusterRecord> clusters = {};
    std::vector<NodeRecord> nodes = {};
    std::vector<DeviceRecord> devices = {};
};

/// True for a name a cluster or node may have: 1..max_name_length of letters, digits, '.', '_', '-', '@', ':'.
[[nodiscard]] bool valid_name(std::string_view name) noexcept;
/// True for an id a device may have: 1..max_device_id_length bytes.
[[nodiscard]] bool valid_device_id(std::string_view id) noexcept;
/// True for a tag: 1..max_tag_length bytes without spaces or control characters.
[[nodiscard]] bool valid_tag(std::string_view tag) noexcept;

}  // namespace holdfast::fleet
