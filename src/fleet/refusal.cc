#include "fleet/refusal.h"

#include <array>

namespace holdfast::fleet {

namespace {

struct Words {
    std::string_view name;
    std::string_view sentence;
};

constexpr std::array<Words, refuse_reason_count> words = {{
    {"none", "it was not refused"},
    {"unknown_device", "the device is not known, and enrolment is closed"},
    {"disabled_device", "the device is disabled"},
    {"no_identity", "the CONNECT carries nothing to know the device by, and enrolment is closed"},
    {"no_cluster", "there is no cluster that takes devices"},
    {"no_live_node", "its cluster has no live node"},
    {"fleet_full", "the device is new, and the fleet has as many devices as it may"},
    {"nodes_unreachable", "no node could be reached"},
    {"node_refused", "the node refused the CONNECT"},
    {"rate_limited", "too many CONNECTs arrive"},
    {"too_many", "there are too many connections"},
    {"malformed", "the CONNECT is malformed"},
    {"unsupported", "the protocol version is not spoken"},
    {"timed_out", "the CONNECT did not arrive in time"},
    {"too_large", "the CONNECT is larger than allowed"},
    {"going_away", "the gateway is shutting down"},
    {"gave_up", "the device hung up before a node had answered it"},
}};

}  // namespace

std::string_view to_string(RefuseReason reason) noexcept {
    const auto i = static_cast<std::size_t>(reason);
    return i < words.size() ? words[i].name : "unknown";
}

std::string_view sentence(RefuseReason reason) noexcept {
    const auto i = static_cast<std::size_t>(reason);
    return i < words.size() ? words[i].sentence : "for a reason this version does not know";
}

}  // namespace holdfast::fleet
