#pragma once
// What every face says of commands in the same words.

#include <string>
#include <string_view>

#include "base/result.h"
#include "command/command.h"

namespace holdfast::control {

/// For people: where the command stands, or why it ended as it did. One sentence, without a full stop.
[[nodiscard]] std::string explanation(const command::Command& command);

/// The field that a refusal of a submission is about: its sentence begins with the field's name and a colon. Empty when it is
/// about none.
[[nodiscard]] std::string_view field_of(const Error& error) noexcept;

}  // namespace holdfast::control
