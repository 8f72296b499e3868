#pragma once
// Sums over what the gateways told since the process began: connections by their end, CONNECTs by their refusal, routes by
// their kind, and how long nodes took to answer.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "fleet/facts.h"
#include "fleet/refusal.h"
#include "fleet/trace.h"

namespace holdfast::control {

/// Upper bounds of the latency histogram's buckets, in seconds; one more bucket holds what is beyond the last.
constexpr std::array<double, 14> latency_bounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                   0.1,    0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

constexpr std::size_t route_kind_count = 4;

/// Threads: the control thread only.
struct TrafficCounters {
    std::array<std::uint64_t, route_kind_count> opened_by_kind{};  ///< by fleet::RouteKind
    std::array<std::uint64_t, fleet::refuse_reason_count> refused{};
    /// By the proxy's name of the reason. As many entries as there are reasons.
    std::map<std::string, std::uint64_t, std::less<>> closed;
    std::array<std::uint64_t, latency_bounds.size() + 1> latency{};  ///< CONNECT to CONNACK
    double latency_sum = 0;                                          ///< seconds
    std::uint64_t failovers = 0;                                     ///< accepted by another node than the first candidate
    std::uint64_t node_troubles = 0;                                 ///< connections to nodes that failed
    /// PUBLISHes to devices that the gateway followed until the device acknowledged them.
    std::uint64_t acknowledged = 0;
    std::uint64_t messages_up = 0;    ///< packets of ended connections, from devices
    std::uint64_t messages_down = 0;  ///< and to devices

    void add(const fleet::Fact& fact);
};

}  // namespace holdfast::control
