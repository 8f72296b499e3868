#pragma once
// The command line's side of the HTTP API: one request, one answer, each with a time limit, and one that follows a stream.

#include <boost/beast/http/verb.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <istream>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/api_place.h"
#include "cli/exit_code.h"

namespace holdfast::cli {

enum class ClientErrc : std::uint16_t {
    unreachable,   ///< nobody answers there
    timed_out,     ///< somebody is there, but no answer came in time
    broken,        ///< the answer is not one of Holdfast's
    not_found,     ///< 404
    unauthorised,  ///< 401, 403
    refused,       ///< any other status that is not 2xx
};
[[nodiscard]] const ErrorCategory& error_category(ClientErrc) noexcept;
[[nodiscard]] ExitCode exit_code_of(const Error& error) noexcept;

/// Threads: one thread. Each call opens its own connection.
class ApiClient {
public:
    explicit ApiClient(ApiPlace place, std::chrono::milliseconds timeout = std::chrono::seconds(15));

    /// The answer's body as JSON (null when it has none). An error's sentence is the API's own.
    [[nodiscard]] Result<boost::json::value> get(const std::string& target);
    [[nodiscard]] Result<boost::json::value> send(boost::beast::http::verb method, const std::string& target,
                                                  const boost::json::value* body = nullptr);
    /// Sends `in` in pieces until its end.
    [[nodiscard]] Result<boost::json::value> upload(const std::string& target, const std::string& content_type,
                                                    std::istream& in);

    /// One server-sent event; `id`, `event` and `data` as they stand in the stream.
    struct StreamEvent {
        std::string id;
        std::string event;
        std::string data;
    };
    /// Follows `target` until the server ends it, the connection breaks, or `take` answers false.
    [[nodiscard]] Result<void> follow(const std::string& target, const std::string& last_event_id,
                                      const std::function<bool(const StreamEvent&)>& take);

    [[nodiscard]] const ApiPlace& place() const noexcept { return place_; }

private:
    ApiPlace place_;
    std::chrono::milliseconds timeout_;
};

/// Percent-encodes everything but letters, digits and "-._~".
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace holdfast::cli
