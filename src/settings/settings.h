#pragma once
// Every setting of a Holdfast process as typed values, by section. What each one means, its default, bounds and unit, and
// whether it may change at run time stands in one place only: its row in settings_table.cc. A default-constructed `Settings`
// holds the table's defaults; a section constructed by itself holds zeroes, so take sections from a `Settings`.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "settings/sentinel_settings.h"
#include "settings/values.h"

namespace holdfast::settings {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };
enum class Enrolment : std::uint8_t { open, closed };
enum class IdentityPart : std::uint8_t { client_id, username, common_name, password };
enum class ClusterSource : std::uint8_t { static_list, local };
enum class ClusterPolicy : std::uint8_t { sticky_hash, active_standby };
enum class SwitchBack : std::uint8_t { by_hand, automatic, never };
enum class RuleSubject : std::uint8_t { device_id, username, common_name };
enum class CommandQueue : std::uint8_t { memory, file };
enum class CommandDurability : std::uint8_t { full, process };

/// The names that the settings file uses for an enum's values, in the order of the values.
[[nodiscard]] std::span<const std::string_view> choice_names(LogLevel) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(LogFormat) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(Enrolment) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(IdentityPart) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(ClusterSource) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(ClusterPolicy) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(SwitchBack) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(RuleSubject) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(CommandQueue) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(CommandDurability) noexcept;

struct PathsSettings {
    std::string data_dir;
};

struct LogSettings {
    LogLevel level{};
    LogFormat format{};
};

struct GatewaySettings {
    std::vector<Address> listen;
    bool share_port{};
    std::uint32_t threads{};
    std::uint32_t max_connections{};
    std::uint32_t max_connections_per_source{};
    double connect_rate{};
    std::uint32_t connect_burst{};
    Duration connect_deadline{};
    ByteSize connect_max_size;
    ByteSize early_max_size;
    Duration upstream_connect_timeout{};
    Duration connack_timeout{};
    std::uint32_t max_candidates{};
    ByteSize high_watermark;
    ByteSize low_watermark;
    double idle_grace{};
    Duration tcp_keepalive{};
    Duration refusal_delay{};
    Duration hold_connects{};
    std::uint32_t hold_max{};
    double hold_pace{};
    Duration parting_deadline{};
    std::uint32_t reserve_descriptors{};
};

struct FleetSettings {
    std::vector<IdentityPart> identify;
    Enrolment enrolment{};
    std::uint32_t max_devices{};
    bool sticky{};
    std::uint32_t connect_history{};
    std::uint32_t connect_history_total{};
    std::uint32_t fight_count{};
    Duration fight_window{};
    double move_pace{};
    double drain_pace{};
    double node_lost_pace{};
};

struct ProbeSettings {
    Duration interval{};
    Duration timeout{};
    std::uint32_t suspect_after{};
    std::uint32_t down_after{};
    Duration down_time{};
    std::uint32_t up_after{};
    std::string client_id_prefix;
    std::string username;
    std::string password;
};

/// Clusters with an active node while the others stand by.
struct StandbySettings {
    Duration down_after{};
    Duration early_suspicion{};
    SwitchBack switch_back{};
    Duration switch_back_after{};
    Duration settle{};
    double pace{};
};

struct LocalSettings {
    std::string mosquitto;
    Duration restart_backoff_min{};
    Duration restart_backoff_max{};
    ByteSize log_max_size;
    Duration stop_timeout{};
};

struct StorageSettings {
    std::string path;
    Duration commit_interval{};
    Duration busy_timeout{};
    Duration retry_min{};
    Duration retry_max{};
};

struct AdminSettings {
    Address listen;
    bool allow_remote{};
    std::string token_file;
    std::uint32_t page_size{};
    std::uint32_t page_size_max{};
    std::uint32_t max_connections{};
    ByteSize max_body_size;
};

/// gRPC.
struct RpcSettings {
    std::vector<Address> listen;  ///< none: off
    bool allow_remote{};
    ByteSize max_message_size;
    std::uint32_t max_calls{};
};

struct EventsSettings {
    std::uint32_t keep{};
};

struct CommandsSettings {
    bool enabled{};
    std::string centre;
    std::string store;
    CommandDurability durability{};
    CommandQueue queue{};
    std::string queue_file;
    std::uint32_t window{};
    double backlog_pace{};
    std::uint32_t max_open{};
    std::uint32_t max_open_per_device{};
    ByteSize max_payload;
    Duration default_deadline{};
    Duration longest_deadline{};
    std::uint32_t attempts{};
    Duration answer_timeout{};
    Duration channel_timeout{};
    std::uint32_t channel_window{};
    std::string channel;
    std::string channel_username;
    std::string channel_password;
    std::string fleet_api;
    Duration lease{};
    Duration keep_age{};
    std::uint32_t keep_count{};
    std::string webhook_secret;
};

/// `[[cluster.node]]`
struct NodeSettings {
    std::string name;
    Address address;
    std::uint32_t weight{};
    std::uint32_t priority{};
    bool operator==(const NodeSettings&) const = default;
};

/// `[[cluster]]`
struct ClusterSettings {
    std::string name;
    ClusterSource source{};
    ClusterPolicy policy{};
    std::uint32_t weight{};
    std::uint32_t nodes{};      ///< how many processes a local cluster has
    std::uint16_t base_port{};  ///< of a local cluster's first node; 0: chosen by Holdfast
    std::vector<NodeSettings> node;
    bool operator==(const ClusterSettings&) const = default;
};

/// `[[allocation.rule]]`: exactly one of prefix and pattern is not empty.
struct AllocationRuleSettings {
    RuleSubject match{};
    std::string prefix;
    std::string pattern;
    std::string cluster;
    bool operator==(const AllocationRuleSettings&) const = default;
};

/// `[[device_profile]]`: how some devices want their commands; what is empty is as in the default profile.
struct DeviceProfileSettings {
    std::string name;
    std::string devices;
    std::string topic;
    std::string topic_v3;
    std::string reply_topic;
    std::string payload;
    std::string content_type;
    bool answers{};
    std::string reply_id;
    std::string reply_status;
    std::string reply_result;
    std::string reply_detail;
    std::string reply_pattern;
    bool operator==(const DeviceProfileSettings&) const = default;
};

struct Settings {
    /// The table's defaults. Paths that follow from other settings or from the environment are still empty; see load.h.
    Settings();

    PathsSettings paths;
    LogSettings log;
    GatewaySettings gateway;
    FleetSettings fleet;
    ProbeSettings probe;
    StandbySettings standby;
    LocalSettings local;
    StorageSettings storage;
    AdminSettings admin;
    RpcSettings rpc;
    EventsSettings events;
    CommandsSettings commands;
    std::vector<ClusterSettings> clusters;
    std::vector<AllocationRuleSettings> allocation_rules;
    std::vector<DeviceProfileSettings> device_profiles;
    SentinelSettings sentinel;
    std::vector<RedisMasterSettings> redis_masters;
    std::vector<GroupSettings> groups;
};

}  // namespace holdfast::settings
