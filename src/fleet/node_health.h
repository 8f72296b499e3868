#pragma once
// Up, suspect or down: one node's failure detector. Probe results go in, the verdict comes out. It has no timer of its own: who
// probes calls, so a node that is not probed keeps its verdict.

#include <cstdint>

#include "base/time.h"
#include "fleet/topology.h"

namespace holdfast::fleet {

struct HealthOptions {
    std::uint32_t failures_to_suspect = 1;            ///< probes failed in a row; >= 1
    std::uint32_t failures_to_down = 3;               ///< probes failed in a row; >= failures_to_suspect
    Duration time_to_down = std::chrono::seconds(2);  ///< and at least so long since the first of them
    std::uint32_t successes_to_up = 2;  ///< in a row, for a node that was down; one is enough for a suspect or unknown one
    Duration hint_interval = std::chrono::milliseconds(500);  ///< at most one probe out of turn in this time
};

class NodeHealthDetector {
public:
    explicit NodeHealthDetector(const HealthOptions& options) noexcept : options_(options) {}

    /// A probe ended. Returns the verdict.
    NodeHealth probed(bool ok, Time now) noexcept;

    /// Somebody had trouble with the node: true when it should be probed now, out of turn.
    [[nodiscard]] bool hint(Time now) noexcept;

    [[nodiscard]] NodeHealth health() const noexcept { return health_; }
    /// False until the first probe ended.
    [[nodiscard]] bool known() const noexcept { return known_; }

private:
    HealthOptions options_;
    NodeHealth health_ = NodeHealth::suspect;
    bool known_ = false;
    bool hinted_ = false;
    std::uint32_t failures_ = 0;
    std::uint32_t successes_ = 0;
    Time first_failure_{};
    Time last_hint_{};
};

}  // namespace holdfast::fleet
