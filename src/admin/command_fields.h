#pragma once
// What a request says of a command to be, and of what commands to list.

#include <optional>
#include <string_view>

#include "admin/api.h"
#include "admin/http_message.h"
#include "admin/json_fields.h"
#include "base/time.h"
#include "command/submission.h"
#include "storage/command_store.h"

namespace holdfast::admin {

/// Reads everything but the device. `text` is the JSON that `fields` were read from: the command's data is handed on as it
/// stands there. Complaints are with `fields`.
[[nodiscard]] command::Submission read_submission(JsonFields& fields, std::string_view text);

/// Adds the `Idempotency-Key` header; a refusal when the body names another key.
[[nodiscard]] std::optional<Response> add_key_of_header(const Request& request, command::Submission& submission);

/// How long a caller waits for the end of a command.
struct WaitFor {
    bool wanted = false;
    std::optional<Duration> at_most = {};  ///< nothing: to the command's deadline
};
/// Reads `?wait`, `?wait=true` or `?wait=5s`.
[[nodiscard]] std::optional<Response> read_wait(const Request& request, WaitFor& wait);

/// Reads `device`, `job`, `state` (several), `from`, `until`, `before` or `cursor`, and `limit`.
[[nodiscard]] std::optional<Response> read_command_query(const Api& api, const Request& request, storage::CommandQuery& query);

}  // namespace holdfast::admin
