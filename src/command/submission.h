#pragma once
// What somebody asks the centre to do, before it is a command.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "command/command.h"

namespace holdfast::command {

/// Defaults and bounds that an operator sets.
struct SubmissionLimits {
    Duration default_deadline = std::chrono::seconds(30);    ///< after creation, or after `deliver_at`
    Duration longest_deadline = std::chrono::hours(24 * 7);  ///< after creation, or after `deliver_at`
    Duration furthest_schedule = std::chrono::hours(24 * 366);
    std::size_t max_payload = 64 * 1024;
    Retry retry = {};
};

struct Submission {
    std::string device = {};
    std::string name = {};
    std::string payload = {};
    std::string content_type = {};
    std::optional<WallTime> deliver_at = {};
    /// At most one of the two; neither: the default.
    std::optional<WallTime> deadline = {};
    std::optional<Duration> deadline_in = {};  ///< after now, or after `deliver_at` when that is given
    std::optional<Offline> offline = {};       ///< default: fail for a caller who waits, else queue
    std::optional<Order> order = {};
    std::optional<std::uint16_t> attempts = {};
    std::optional<Duration> answer_timeout = {};
    std::string idempotency_key = {};
    std::string submitted_by = {};
    std::string job = {};
    std::string webhook = {};
    bool wait = false;  ///< the caller waits for the end

    friend bool operator==(const Submission&, const Submission&) = default;
};

/// Checks every field and makes the command, in state scheduled or queued, without looking at the device. Errors: bad_field and
/// deadline_passed, whose sentences begin with the field's name and a colon. `body_hash` is a hash of everything that was
/// asked but the key and whether somebody waits; empty without a key.
[[nodiscard]] Result<Command> make_command(const Submission& submission, CommandId id, const SubmissionLimits& limits,
                                           WallTime now);

}  // namespace holdfast::command
