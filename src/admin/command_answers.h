#pragma once
// What handlers of commands and jobs share: errors of the command centre as problems, and answers made of JSON text.

#include <string>

#include "admin/api.h"
#include "admin/http_message.h"
#include "admin/problem.h"
#include "base/result.h"

namespace holdfast::admin {

/// An error of the command centre: what is not there is 404, what does not fit the present state 409, a bad value 400 with its
/// field, no room 429, and 503 when the centre cannot take anything now.
[[nodiscard]] Problem command_problem(const Error& error);
[[nodiscard]] Response refuse_command(const Error& error);

/// For a process without a command centre.
[[nodiscard]] Response no_centre(const Api& api);
[[nodiscard]] Response no_such_command(std::string_view id);

/// `text` with a line's end.
[[nodiscard]] Response text_response(std::string text, unsigned status = 200);

[[nodiscard]] control::Caller caller_of(const Request& request);

}  // namespace holdfast::admin
