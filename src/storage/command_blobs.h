#pragma once
// The parts of commands and jobs that are never asked for on their own, packed into one column each. They begin with a version.
// Attempts are packed because nearly every command has one or two: as rows of a table of their own they would cost each command
// further pages in the log at every change.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"
#include "command/submission.h"

namespace holdfast::storage {

[[nodiscard]] std::string pack(const std::vector<command::Attempt>& attempts);
[[nodiscard]] std::string pack(const command::Submission& submission);
[[nodiscard]] std::string pack(const std::array<std::uint32_t, 10>& ended);

/// Nothing when the bytes are not what `pack` makes.
[[nodiscard]] std::optional<std::vector<command::Attempt>> unpack_attempts(std::string_view bytes);
[[nodiscard]] std::optional<command::Submission> unpack_submission(std::string_view bytes);
[[nodiscard]] std::optional<std::array<std::uint32_t, 10>> unpack_ended(std::string_view bytes);

}  // namespace holdfast::storage
