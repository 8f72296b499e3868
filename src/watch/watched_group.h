#pragma once
// A group of which one member is active, as its settings have it.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/address.h"
#include "sentinel/standby.h"

namespace holdfast::watch {

enum class ProbeKind : std::uint8_t { mqtt, http, tcp };

/// How members are asked whether they live.
struct ProbeManner {
    ProbeKind kind = ProbeKind::mqtt;
    std::string http_path = "/";
    Duration interval = std::chrono::seconds(1);
    Duration timeout = std::chrono::seconds(1);
    std::string username = {};  ///< that MQTT probes present; empty: none
    std::string password = {};  ///< a secret

    friend bool operator==(const ProbeManner&, const ProbeManner&) = default;
};
struct WatchedMember {
    std::string name = {};
    net::HostPort address = {};
    unsigned priority = 100;
};
struct WatchedGroup {
    std::string name = {};
    sentinel::StandbyOptions options = {};
    ProbeManner probe = {};
    std::vector<WatchedMember> members = {};
};

}  // namespace holdfast::watch
