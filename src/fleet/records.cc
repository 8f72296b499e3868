#include "fleet/records.h"

#include <algorithm>

namespace holdfast::fleet {

std::string_view to_string(ClusterSource source) noexcept {
    switch (source) {
        case ClusterSource::static_settings:
            return "static";
        case ClusterSource::local:
            return "local";
        case ClusterSource::api:
            return "api";
    }
    return "unknown";
}

std::optional<ClusterSource> cluster_source_from(std::string_view text) noexcept {
    for (const auto source : {ClusterSource::static_settings, ClusterSource::local, ClusterSource::api})
        if (to_string(source) == text) return source;
    return std::nullopt;
}

std::string_view to_string(ClusterPolicy policy) noexcept {
    switch (policy) {
        case ClusterPolicy::sticky_hash:
            return "sticky-hash";
        case ClusterPolicy::active_standby:
            return "active-standby";
    }
    return "unknown";
}

std::optional<ClusterPolicy> cluster_policy_from(std::string_view text) noexcept {
    for (const auto policy : {ClusterPolicy::sticky_hash, ClusterPolicy::active_standby})
        if (to_string(policy) == text) return policy;
    return std::nullopt;
}

bool valid_name(std::string_view name) noexcept {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
               c == '@' || c == ':';
    };
    return !name.empty() && name.size() <= max_name_length && std::ranges::all_of(name, allowed);
}

bool valid_device_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= max_device_id_length;
}

bool valid_tag(std::string_view tag) noexcept {
    const auto allowed = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7F; };
    return !tag.empty() && tag.size() <= max_tag_length && std::ranges::all_of(tag, allowed);
}

}  // namespace holdfast::fleet
