#pragma once
// How many CONNECTs wait for an active node of their cluster: the bound on them, the pace at which they are led on, and what is
// worth telling of them - once when the first one of a cluster begins to wait, and once when the last one has its answer.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/time.h"
#include "fleet/ids.h"

namespace holdfast::proxy {

struct WaitingLimits {
    /// CONNECTs that wait at a time.
    std::size_t max = 10'000;
    /// How many of them are led on in a second; 0: all at once.
    double pace = 2'000;
};

/// What became of those that waited.
struct WaitingOutcomes {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    /// The device hung up.
    std::uint64_t gave_up = 0;

    [[nodiscard]] std::uint64_t all() const noexcept { return accepted + refused + gave_up; }
};

/// Threads: one at a time; a gateway with several data-plane threads guards one instance with a lock.
class WaitingRoom {
public:
    explicit WaitingRoom(const WaitingLimits& limits) : limits_(limits) {}

    /// One begins to wait. `leave` must be called with the same cluster when it has its answer. True: the first one of its
    /// cluster.
    bool enter(fleet::ClusterIndex cluster);
    /// `outcome` is the member that counts it. For the last one of its cluster: what became of all since the first.
    std::optional<WaitingOutcomes> leave(fleet::ClusterIndex cluster, std::uint64_t WaitingOutcomes::* outcome);

    void set_limits(const WaitingLimits& limits) noexcept { limits_ = limits; }

    [[nodiscard]] bool has_room() const noexcept { return waiting_ < limits_.max; }
    /// The time within which all that wait now are led on.
    [[nodiscard]] Duration spread() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// Since the start.
    [[nodiscard]] const WaitingOutcomes& outcomes() const noexcept { return outcomes_; }

private:
    struct Episode {
        std::size_t waiting = 0;
        WaitingOutcomes outcomes;
    };

    WaitingLimits limits_;
    std::size_t waiting_ = 0;
    WaitingOutcomes outcomes_;
    /// Of clusters for which somebody waits.
    std::map<fleet::ClusterIndex, Episode> episodes_;
};

}  // namespace holdfast::proxy
