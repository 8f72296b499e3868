#pragma once
// Errors of the API as RFC 9457 problem details: one shape for every refusal, with a sentence a person can act on.

#include <string>
#include <string_view>

#include "admin/http_message.h"

namespace holdfast::admin {

/// What is said about one failed request. `type` is `about:blank`-free: a short stable word under `urn:holdfast:problem:`,
/// which programs compare; `detail` is for people; `field` is a JSON pointer into the request's body, or `?name` for a query
/// parameter, or empty.
struct Problem {
    unsigned status = 500;
    std::string_view type;
    std::string detail;
    std::string field = {};
};

[[nodiscard]] Response problem(const Problem& what);

[[nodiscard]] Response bad_request(std::string detail, std::string field = {});
[[nodiscard]] Response invalid_value(std::string detail, std::string field);
[[nodiscard]] Response not_found(std::string detail);
[[nodiscard]] Response conflict(std::string detail);
[[nodiscard]] Response unavailable(std::string detail);

/// "Not Found" and so on.
[[nodiscard]] std::string_view status_title(unsigned status) noexcept;

}  // namespace holdfast::admin
