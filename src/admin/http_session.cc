#include "admin/http_session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <iterator>
#include <optional>
#include <utility>

#include "admin/http_body_source.h"
#include "admin/problem.h"

namespace holdfast::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_lingering_bytes = 256 * 1024;
constexpr std::chrono::seconds linger_timeout{2};

std::string_view as_view(boost::core::string_view text) {
    return {text.data(), text.size()};
}

Response refuse_without_token() {
    Response response =
        problem({401, "unauthorised",
                 "this needs a token: send 'Authorization: Bearer <token>'; the admin token is in admin.token in Holdfast's "
                 "data directory, others come from: holdfast token create"});
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"holdfast\"");
    return response;
}

Response refuse_scope(const access::Bearer& bearer, access::Scope needed) {
    return problem({403, "not-allowed",
                    fmt::format("the token '{}' has scope {}, and this needs scope {}", bearer.name, to_string(bearer.scope),
                                to_string(needed))});
}

Response refuse_unrouted(const RouteMatch& match, std::string_view method, std::string_view path) {
    if (match.allowed.empty()) {
        return problem(
            {404, "no-such-path", fmt::format("there is nothing at {}; see /api/v1/openapi.json for what there is", path)});
    }
    std::string allowed;
    for (const http::verb verb : match.allowed) {
        if (!allowed.empty()) allowed += ", ";
        allowed += as_view(http::to_string(verb));
    }
    Response response =
        problem({405, "method-not-allowed", fmt::format("{} does not take {}, only {}", path, method, allowed)});
    response.headers.emplace_back("Allow", allowed);
    return response;
}

/// The answer to a header that cannot be read; nothing when there is nobody to answer.
std::optional<Response> refuse_header(const beast::error_code& error, const AdminOptions& options) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return problem(
            {431, "header-too-large", fmt::format("the request's header is larger than {} bytes", options.max_header_bytes)});
    }
    const bool is_http = error.category() == make_error_code(http::error::bad_version).category();
    if (!is_http || error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
    return problem({400, "malformed-http", fmt::format("this is not a well-formed HTTP/1.1 request: {}", error.message())});
}

/// What a parsed header says, before anything is decided on it.
struct Head {
    http::verb method;
    std::string method_name;
    std::string path;
    std::string query;
    unsigned version;
    bool keep_alive;
    bool has_body;
    bool expects_continue;
    std::optional<std::uint64_t> content_length;
};

Head describe(const HttpBodySource::HeadParser& parser) {
    const auto& message = parser.get();
    const std::string_view target = as_view(message.target());
    const std::size_t mark = target.find('?');
    Head head{.method = message.method(),
              .method_name = std::string(as_view(message.method_string())),
              .path = std::string(target.substr(0, mark)),
              .query = mark == std::string_view::npos ? std::string() : std::string(target.substr(mark + 1)),
              .version = message.version(),
              .keep_alive = parser.keep_alive(),
              .has_body = parser.chunked(),
              .expects_continue = beast::iequals(message[http::field::expect], "100-continue"),
              .content_length = std::nullopt};
    if (const auto length = parser.content_length()) {
        head.content_length = *length;
        head.has_body = head.has_body || *length > 0;
    }
    return head;
}

std::uint64_t body_bound(const Route& route, const AdminOptions& options) {
    switch (route.body) {
        case BodyUse::whole:
            return options.max_body_bytes;
        case BodyUse::large:
            return options.max_large_body_bytes;
        case BodyUse::stream:
            return options.max_import_bytes;
    }
    return options.max_body_bytes;
}

/// Holds a request against the token, the routes and the bounds, and fills in what its head says. Nothing when it may go on.
std::optional<Response> admit(const Head& head, RouteMatch& match, const HttpBodySource::HeadParser& parser,
                              const SessionContext& context, Request& request) {
    if (head.path.empty() || head.path.front() != '/') return bad_request("the request's target is not a path");
    const auto& fields = parser.get();
    const auto bearer = context.tokens.find_authorization(as_view(fields[http::field::authorization]));
    request.authorised = bearer.has_value();
    const bool is_open = match.route != nullptr && match.route->access == Access::anyone;
    if (!bearer && !is_open) return refuse_without_token();
    if (match.route == nullptr) return refuse_unrouted(match, head.method_name, head.path);
    const access::Scope needed = needed_scope(*match.route);
    if (!is_open && !allows(bearer->scope, needed)) return refuse_scope(*bearer, needed);
    if (bearer) request.caller = bearer->name;
    auto query = Query::parse(head.query);
    if (match.malformed || !query) return bad_request("the request's target has a broken escape, or is not UTF-8 text");
    const std::uint64_t bound = body_bound(*match.route, context.options);
    if (head.content_length.value_or(0) > bound) {
        return problem({413, "too-large", fmt::format("the request's body may have at most {} bytes", bound)});
    }
    request.method = head.method;
    request.path_values = std::move(match.path_values);
    request.query = std::move(*query);
    request.content_type = as_view(fields[http::field::content_type]);
    request.accept = as_view(fields[http::field::accept]);
    request.last_event_id = as_view(fields["Last-Event-ID"]);
    request.idempotency_key = as_view(fields["Idempotency-Key"]);
    return std::nullopt;
}

/// Reads all of a body; a refusal when it cannot be had.
asio::awaitable<std::optional<Response>> read_body(HttpBodySource& source, std::string& body) {
    while (true) {
        const auto piece = co_await source.next();
        if (!piece) {
            const bool too_large = piece.error().is(BodyErrc::too_large);
            co_return problem({too_large ? 413u : 400u, too_large ? "too-large" : "malformed-http", piece.error().message()});
        }
        if (piece->empty()) co_return std::nullopt;
        body += *piece;
    }
}

}  // namespace

HttpSession::HttpSession(beast::tcp_stream stream, const SessionContext& context)
    : stream_(std::move(stream)), context_(context), buffer_(context.options.max_header_bytes + 64 * 1024) {
    beast::error_code error;
    const auto peer = stream_.socket().remote_endpoint(error);
    if (error) {
        source_ = "http";
    } else if (peer.address().is_v6()) {
        source_ = fmt::format("http [{}]:{}", peer.address().to_string(), peer.port());
    } else {
        source_ = fmt::format("http {}:{}", peer.address().to_string(), peer.port());
    }
}

void HttpSession::stop() {
    stopped_ = true;
    if (gone_) std::exchange(gone_, nullptr)();
    if (streaming_ != nullptr) streaming_->cancel();
    stream_.close();
}

asio::awaitable<void> HttpSession::run(std::shared_ptr<HttpSession> self) {
    for (std::size_t served = 0; served < self->context_.options.max_requests_per_connection && !self->stopped_; ++served) {
        const Next next = co_await self->serve_one();
        if (next == Next::close) break;
    }
    if (!self->stopped_) co_await self->linger();
    self->stream_.close();
}

asio::awaitable<HttpSession::Next> HttpSession::serve_one() {
    HttpBodySource::HeadParser parser;
    parser.header_limit(static_cast<std::uint32_t>(context_.options.max_header_bytes));
    parser.body_limit(boost::none);
    stream_.expires_after(context_.options.idle_timeout);
    const auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, parser, awaited);
    if (error) {
        auto refusal = refuse_header(error, context_.options);
        if (refusal) co_await answer(std::move(*refusal), false, 11, false);
        co_return Next::close;
    }
    const Head head = describe(parser);
    const bool head_only = head.method == http::verb::head;
    RouteMatch match = find_route(context_.routes, head.method, head.path);
    Request request;
    if (auto refusal = admit(head, match, parser, context_, request)) {
        // An answer that does not wait for the body leaves a connection that cannot be used again.
        co_return co_await answer(std::move(*refusal), head.keep_alive && !head.has_body, head.version, head_only);
    }
    if (head.expects_continue && head.has_body) {
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        stream_.expires_after(context_.options.request_timeout);
        const auto [failed, written] = co_await asio::async_write(stream_, asio::buffer(go_on), awaited);
        if (failed) co_return Next::close;
    }
    // Too large for a coroutine frame that most requests would carry in vain.
    std::unique_ptr<HttpBodySource> source;
    if (head.has_body || match.route->body == BodyUse::stream) {
        source = std::make_unique<HttpBodySource>(stream_, buffer_, std::move(parser), context_.options.request_timeout,
                                                  body_bound(*match.route, context_.options));
    }
    if (match.route->body == BodyUse::stream) {
        request.body_source = source.get();
    } else if (source) {
        if (auto refusal = co_await read_body(*source, request.body))
            co_return co_await answer(std::move(*refusal), false, head.version, head_only);
    }
    request.source = source_;
    request.line = this;
    Response response = co_await match.route->handler(context_.api, request);
    if (stopped_) co_return Next::close;
    if (response.source) co_return co_await answer_stream(std::move(response), head.version);
    co_return co_await answer(std::move(response), head.keep_alive && (!source || source->is_done()), head.version, head_only);
}

namespace {

template <class Message>
void set_fields(Message& message, const Response& response) {
    message.set(http::field::server, "holdfast");
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers)
        message.set(name, value);
}

/// An answer as it goes over the wire. By hand, as it is one text and most calls are small: a general serializer costs several
/// times the rest of the answer.
std::string answer_text(const Response& response, bool keep_alive, unsigned version, bool head_only) {
    std::string text;
    text.reserve(256 + response.body.size());
    const auto status = http::int_to_status(response.status);
    fmt::format_to(std::back_inserter(text), "HTTP/1.{} {} {}\r\n", version % 10, response.status,
                   as_view(http::obsolete_reason(status)));
    fmt::format_to(std::back_inserter(text),
                   "Server: holdfast\r\nContent-Type: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                   response.content_type);
    for (const auto& [name, value] : response.headers)
        fmt::format_to(std::back_inserter(text), "{}: {}\r\n", name, value);
    if (keep_alive && version < 11) text += "Connection: keep-alive\r\n";
    if (!keep_alive && version >= 11) text += "Connection: close\r\n";
    if (response.status != 204) fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", response.body.size());
    text += "\r\n";
    if (!head_only && response.status != 204) text += response.body;
    return text;
}

}  // namespace

asio::awaitable<HttpSession::Next> HttpSession::answer(Response response, bool keep_alive, unsigned version, bool head_only) {
    const std::string text = answer_text(response, keep_alive, version, head_only);
    beast::error_code failed;
    // The kernel takes nearly every answer at once.
    stream_.socket().non_blocking(true, failed);
    std::size_t sent = failed ? 0 : stream_.socket().write_some(asio::buffer(text), failed);
    if (failed == asio::error::would_block) failed = {};
    if (!failed && sent < text.size()) {
        stream_.expires_after(context_.options.request_timeout);
        const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(text) + sent, awaited);
        failed = error;
    }
    co_return !failed && keep_alive ? Next::keep_open : Next::close;
}

asio::awaitable<HttpSession::Next> HttpSession::answer_stream(Response response, unsigned version) {
    const bool chunked = version >= 11;
    http::response<http::empty_body> message(http::int_to_status(response.status), version);
    set_fields(message, response);
    message.keep_alive(false);
    if (chunked) message.chunked(true);
    http::response_serializer<http::empty_body> serializer(message);
    stream_.expires_after(context_.options.request_timeout);
    const auto [head_failed, head_bytes] = co_await http::async_write_header(stream_, serializer, awaited);
    if (head_failed) co_return Next::close;

    streaming_ = response.source.get();
    watch_for_close();
    while (!stopped_) {
        const auto piece = co_await response.source->next();
        if (!piece) break;
        if (piece->empty()) continue;
        stream_.expires_after(context_.options.request_timeout);
        beast::error_code failed;
        if (chunked) {
            const auto [error, bytes] = co_await asio::async_write(stream_, http::make_chunk(asio::buffer(*piece)), awaited);
            failed = error;
        } else {
            const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(*piece), awaited);
            failed = error;
        }
        if (failed) break;
    }
    streaming_ = nullptr;
    if (chunked && !stopped_) {
        stream_.expires_after(linger_timeout);
        co_await asio::async_write(stream_, http::make_chunk_last(), awaited);
    }
    co_return Next::close;
}

void HttpSession::watch_for_close() {
    // A client that follows a stream has nothing more to say: whatever becomes readable is its end.
    stream_.socket().async_wait(asio::socket_base::wait_read, [weak = weak_from_this()](const beast::error_code&) {
        const auto self = weak.lock();
        if (self && self->streaming_ != nullptr) self->streaming_->cancel();
    });
}

void HttpSession::on_gone(std::function<void()> gone) {
    gone_ = std::move(gone);
    if (stopped_) {
        std::exchange(gone_, nullptr)();
        return;
    }
    stream_.socket().async_wait(asio::socket_base::wait_read, [weak = weak_from_this()](const beast::error_code&) {
        const auto self = weak.lock();
        // Readable may also mean that the next request is here already.
        if (self && self->gone_ && self->caller_is_gone()) std::exchange(self->gone_, nullptr)();
    });
}

void HttpSession::forget() {
    gone_ = nullptr;
}

bool HttpSession::caller_is_gone() {
    char byte = 0;
    const ssize_t count = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

asio::awaitable<void> HttpSession::linger() {
    // A close with unread bytes resets the connection, and a reset may overtake the answer. So: no more from here, then read a
    // little.
    beast::error_code ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    if (ignored) co_return;
    stream_.expires_after(linger_timeout);
    std::array<char, 4096> scrap{};
    for (std::size_t total = 0; total < max_lingering_bytes;) {
        const auto [error, bytes] = co_await stream_.async_read_some(asio::buffer(scrap), awaited);
        if (error) co_return;
        total += bytes;
    }
}

}  // namespace holdfast::admin
