#pragma once
// Turns what happens into events: keeps the log, hands new events to the effects, and sums up kinds that come too often.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/token_bucket.h"
#include "fleet/events.h"

namespace holdfast::fleet {

class Narrator {
public:
    /// `per_second` for each frequent kind; 0: no limit.
    Narrator(std::size_t capacity, double per_second, Moment moment);

    void tell(Moment moment, EventKind kind, Severity severity, std::string subject, std::string sentence);

    /// For frequent kinds: false when this one is not to be told but was counted; then do not make its sentence.
    [[nodiscard]] bool may_tell(Moment moment, EventKind kind);

    /// Tells what was summed up, at most once a second.
    void tick(Moment moment);
    [[nodiscard]] std::optional<Time> next() const noexcept;

    [[nodiscard]] const EventLog& log() const noexcept { return log_; }
    /// Events told since this was last called.
    [[nodiscard]] std::vector<Event> take() { return std::exchange(untaken_, {}); }
    [[nodiscard]] bool has_untaken() const noexcept { return !untaken_.empty(); }

private:
    struct Gate {
        TokenBucket tokens;
        std::uint64_t held_back = 0;
    };
    EventLog log_;
    std::vector<Event> untaken_;
    std::size_t capacity_;
    double per_second_;
    std::array<std::optional<Gate>, event_kind_count> gates_;
    std::optional<Time> summary_at_;
};

}  // namespace holdfast::fleet
