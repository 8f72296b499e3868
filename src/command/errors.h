#pragma once
// The expected errors of commands.

#include <cstdint>

#include "base/result.h"

namespace holdfast::command {

enum class Errc : std::uint16_t {
    bad_field,          ///< a value out of its bounds; `FieldError` names it
    device_unknown,     ///< no such device
    device_disabled,    ///< an operator has disabled it
    no_cluster,         ///< no cluster serves it
    deadline_passed,    ///< in the past, or before `deliver_at`
    key_conflict,       ///< the idempotency key was used for something else
    not_found,          ///< no such command or job (any more)
    already_ended,      ///< nothing to take back
    too_many,           ///< the centre, or this device, holds as many as it may
    store_unavailable,  ///< the command could not be recorded, so it was not taken
    stopping,           ///< this centre ends; ask another, or again in a moment
    malformed,          ///< bytes that are no message
    newer_version,      ///< a message of a newer release
    not_encodable,      ///< the device's profile cannot express it
};
const ErrorCategory& error_category(Errc) noexcept;

}  // namespace holdfast::command
