#pragma once
// The last CONNECTs, with their steps, for `device explain`. One ring for all, so its size is bounded whatever devices do; each
// device's entries are chained, newest first, at most `per_device` of them reachable.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ring.h"
#include "fleet/facts.h"

namespace holdfast::fleet {

struct HistoryOptions {
    std::size_t entries = 20'000;  ///< in all; about 400 bytes each
    std::size_t per_device = 10;
};

/// One CONNECT that was accepted or refused.
struct PastConnect {
    std::string device = {};  ///< may be empty for refusals
    std::string source = {};
    std::string username = {};
    std::uint8_t mqtt_version = 0;
    RefuseReason refused = RefuseReason::none;  ///< none: accepted
    NodeIndex node = {};                        ///< that accepted
    RouteKind kind = RouteKind::hash;
    WallTime wall{};
    Duration latency{};  ///< CONNECT to CONNACK, when accepted
    std::vector<TraceStep> steps = {};
};

class History {
public:
    explicit History(const HistoryOptions& options);

    void add(const Opened& fact);
    void add(const Refused& fact);

    /// The device's last CONNECTs, newest first.
    [[nodiscard]] std::vector<PastConnect> of_device(std::string_view device) const;
    /// The last refusals of all, devices without a name too, newest first.
    [[nodiscard]] std::vector<PastConnect> refusals(std::size_t limit) const;

private:
    struct Entry {
        PastConnect connect = {};
        std::uint64_t sequence = 0;
        std::uint64_t previous = 0;  // the same device's entry before; 0: none
    };
    Entry& next_entry(std::string_view device);
    [[nodiscard]] const Entry* entry(std::uint64_t sequence) const noexcept;

    HistoryOptions options_;
    std::vector<Entry> entries_;
    std::unordered_map<std::uint64_t, std::uint64_t> newest_;  // by hash of the device id
    std::uint64_t last_sequence_ = 0;
    Ring<std::uint64_t> refusals_;
};

}  // namespace holdfast::fleet
