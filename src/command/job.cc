#include "command/job.h"

#include <array>
#include <utility>

namespace holdfast::command {

namespace {

constexpr std::array<std::string_view, 5> states{"running", "stopping", "finished", "cancelled", "aborted"};

}  // namespace

std::string_view to_string(JobState state) noexcept {
    const auto position = static_cast<std::size_t>(std::to_underlying(state));
    return position < states.size() ? states[position] : "unknown_word";
}

std::optional<JobState> job_state_from(std::string_view text) noexcept {
    for (std::size_t i = 0; i < states.size(); ++i) {
        if (states[i] == text) return static_cast<JobState>(i);
    }
    return std::nullopt;
}

}  // namespace holdfast::command
