#pragma once
// A job: one command for many devices, sent at a pace, stopped when too many fail.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "command/state.h"
#include "command/submission.h"

namespace holdfast::command {

constexpr std::size_t max_job_devices = 1'000'000;

enum class JobState : std::uint8_t {
    running,
    stopping,   ///< no further commands; some are still under way
    finished,   ///< every device's command has ended
    cancelled,  ///< stopped by a person; what was under way has ended
    aborted,    ///< stopped because too many failed; what was under way has ended
};
[[nodiscard]] std::string_view to_string(JobState state) noexcept;
[[nodiscard]] std::optional<JobState> job_state_from(std::string_view text) noexcept;

struct Job {
    std::string id = {};  ///< like a command's
    WallTime created_at{};
    std::optional<WallTime> ended_at = {};
    std::string submitted_by = {};
    std::string centre = {};
    std::string tag = {};            ///< how its devices were chosen; empty: by list
    Submission command = {};         ///< for each device; its `device` is empty
    double pace = 0;                 ///< commands a second; 0: no pace
    std::uint8_t abort_percent = 0;  ///< stop when more than this share of the ended ones did not succeed; 0: never
    std::uint32_t abort_after = 10;  ///< not before this many have ended
    JobState state = JobState::running;
    JobState stop_as = JobState::finished;  ///< what `stopping` becomes

    // The tally.
    std::uint32_t devices = 0;                 ///< in all
    std::uint32_t submitted = 0;               ///< so many have become commands, or were refused
    std::uint32_t refused = 0;                 ///< of them the centre did not take (no such device, disabled)
    std::array<std::uint32_t, 10> ended = {};  ///< by State

    friend bool operator==(const Job&, const Job&) = default;
};

}  // namespace holdfast::command
