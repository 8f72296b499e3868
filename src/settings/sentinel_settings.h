#pragma once
// The settings that only `holdfast sentinel` uses. Meaning, bounds and defaults are in sentinel_table.h.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "settings/values.h"

namespace holdfast::settings {

enum class GroupPolicy : std::uint8_t { active_standby };
enum class GroupProbe : std::uint8_t { mqtt, http, tcp };
enum class SwitchBack : std::uint8_t;

[[nodiscard]] std::span<const std::string_view> choice_names(GroupPolicy) noexcept;
[[nodiscard]] std::span<const std::string_view> choice_names(GroupProbe) noexcept;

struct SentinelSettings {
    Address listen;
    std::string announce;
    std::string username;
    std::string password;
    std::vector<Address> peers;
    std::string tls_cert_file;
    std::string tls_key_file;
    std::string tls_ca_file;
    bool tls_mutual{};
    bool tls_redis{};
    std::uint32_t quorum{};
    Duration down_after{};
    Duration early_suspicion{};
};

/// `[[sentinel.redis]]`
struct RedisMasterSettings {
    std::string name;
    Address address;
    std::uint32_t quorum{};
    Duration down_after{};
    Duration failover_timeout{};
    std::uint32_t parallel_syncs{};
    std::string username;
    std::string password;
    bool operator==(const RedisMasterSettings&) const = default;
};

/// `[[group.member]]`
struct GroupMemberSettings {
    std::string name;
    Address address;
    std::uint32_t priority{};
    bool operator==(const GroupMemberSettings&) const = default;
};

/// `[[group]]`
struct GroupSettings {
    std::string name;
    GroupPolicy policy{};
    GroupProbe probe{};
    std::string http_path;
    std::string username;
    std::string password;
    Duration probe_interval{};
    Duration probe_timeout{};
    std::uint32_t quorum{};
    Duration down_after{};
    SwitchBack switch_back{};
    Duration switch_back_after{};
    Duration settle{};
    std::vector<GroupMemberSettings> member;
    bool operator==(const GroupSettings&) const = default;
};

}  // namespace holdfast::settings
