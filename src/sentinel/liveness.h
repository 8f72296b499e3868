#pragma once
// When something that is probed over a connection is to be called down. Knows nothing of what the probes are.
//
// The clock that counts runs from the oldest probe that has no answer yet, or from the end of the connection when no probe was
// under way, until an answer comes. Optionally a refused connection counts sooner (early suspicion). Time in which the judge
// itself stood still is taken off.

#include <optional>

#include "base/time.h"

namespace holdfast::sentinel {

/// How long silence is borne.
struct Patience {
    Duration down_after = std::chrono::seconds(30);
    /// Refused, or ended and not accepted again, for so long is down too; 0: that does not matter.
    Duration early{};
};

class Liveness {
public:
    /// Its first answer is awaited from now on.
    explicit Liveness(Time now) noexcept : unanswered_since_(now) {}

    /// A probe was sent, or would have been if there were a connection.
    void probed(Time now) noexcept;
    /// An answer that counts as life.
    void answered(Time now) noexcept;
    /// A connection was accepted. That alone is no life.
    void accepted() noexcept { trouble_since_.reset(); }
    /// The connection ended, or one was refused.
    void lost(Time now) noexcept;
    /// Could not be reached for a reason that need not be the other's.
    void unreachable(Time now) noexcept { probed(now); }
    /// Judged anew from now on, and not before `grace` more has passed, unless it answers meanwhile.
    void renew(Time now, Duration grace) noexcept;
    /// The judge stood still for so long until now.
    void discount(Duration pause) noexcept;

    /// When it is down if nothing is heard of it until then; nothing while no answer is owed.
    [[nodiscard]] std::optional<Time> down_at(const Patience& patience) const noexcept;
    /// `was_down`: the verdict so far. Once down, only an answer makes it up.
    [[nodiscard]] bool is_down(const Patience& patience, bool was_down, Time now) const noexcept;
    [[nodiscard]] std::optional<Time> unanswered_since() const noexcept { return unanswered_since_; }
    /// It has answered at least once since it is known, or since `renew`.
    [[nodiscard]] bool was_reached() const noexcept { return reached_; }

private:
    std::optional<Time> unanswered_since_;
    std::optional<Time> trouble_since_;
    Duration grace_{};
    bool reached_ = false;
};

}  // namespace holdfast::sentinel
