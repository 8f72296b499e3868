#pragma once
// One request and one response of the HTTP API, freed from the wire: what handlers see and give back.

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/verb.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace holdfast::admin {

enum class BodyErrc : std::uint16_t { too_large, timed_out, broken };
[[nodiscard]] const ErrorCategory& error_category(BodyErrc) noexcept;

/// A request's body that arrives in pieces, for routes that must not hold all of it.
class BodySource {
public:
    virtual ~BodySource() = default;
    /// The next piece, empty at the end. The view is valid until the next call.
    [[nodiscard]] virtual boost::asio::awaitable<Result<std::string_view>> next() = 0;
};

/// A response's body that is made in pieces, for answers without an end.
class ResponseSource {
public:
    virtual ~ResponseSource() = default;
    /// The next piece, or nothing at the end.
    [[nodiscard]] virtual boost::asio::awaitable<std::optional<std::string>> next() = 0;
    /// The client is gone or the server stops: `next` answers nothing soon.
    virtual void cancel() = 0;
};

/// The connection to who asked, for handlers that wait for long.
class CallerLine {
public:
    virtual ~CallerLine() = default;
    /// Calls `gone` once when the caller hangs up or the server stops, unless `forget` comes first. One at a time.
    virtual void on_gone(std::function<void()> gone) = 0;
    virtual void forget() = 0;
};

/// The part of a target behind '?', decoded. Later repetitions of a name are kept; `get` answers the first.
class Query {
public:
    /// Decodes `a=1&b=2`; nothing when an escape is broken, the text is not UTF-8, or there are more than 64 parameters.
    [[nodiscard]] static std::optional<Query> parse(std::string_view text);

    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return values_; }

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

struct Request {
    boost::beast::http::verb method = boost::beast::http::verb::get;
    /// The values of the path template's `{...}` parts in order, percent-decoded, valid UTF-8 without NUL.
    std::vector<std::string> path_values;
    Query query;
    std::string content_type;
    std::string accept;
    std::string last_event_id;
    /// The whole body; empty for upload routes, which read `body_source` instead.
    std::string body;
    BodySource* body_source = nullptr;
    /// The caller showed a token that counts.
    bool authorised = false;
    std::string caller = {};           ///< that token's name
    std::string source = {};           ///< face and address, e.g. "http 127.0.0.1:40112"
    std::string idempotency_key = {};  ///< as the header has it
    CallerLine* line = nullptr;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};
    /// When set, the body comes from here and `body` is not used.
    std::unique_ptr<ResponseSource> source = {};
};

/// Percent-decodes one path segment or query part. Nothing when an escape is broken, the result is not UTF-8 or holds a NUL.
/// `plus_is_space` is the rule of query strings.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// True for well-formed UTF-8 (no overlong forms, no surrogates) without NUL.
[[nodiscard]] bool is_plain_utf8(std::string_view text) noexcept;

}  // namespace holdfast::admin
