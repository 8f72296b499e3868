#include "directory/place_stream.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "net/sse_reader.h"

namespace holdfast::directory {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds connect_timeout{5};
/// Longer than the API's heartbeat: silence beyond it means that the connection is dead.
constexpr std::chrono::seconds silence{45};
/// Of one event; the API's are much smaller.
constexpr std::size_t max_event_bytes = 16 * 1024 * 1024;
constexpr std::size_t max_refusal_bytes = 64 * 1024;
constexpr std::size_t piece_bytes = 64 * 1024;

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 3> names = {"unreachable", "refused", "broken"};
    return code < names.size() ? names[code] : "unknown";
}

Error unreachable(const FleetPlace& place, std::string_view why) {
    return {StreamErrc::unreachable,
            fmt::format("the fleet's API cannot be reached at {}:{}: {}", place.host, place.port, why)};
}

Error broken(const FleetPlace& place, const beast::error_code& error) {
    return {StreamErrc::broken,
            fmt::format("the stream of places from {}:{} broke: {}", place.host, place.port, error.message())};
}

Error refused(const FleetPlace& place, unsigned status, std::string_view body) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse({body.data(), body.size()}, error);
    std::string detail = fmt::format("status {}", status);
    if (!error && value.is_object()) {
        const auto* const text = value.get_object().if_contains("detail");
        if (text != nullptr && text->is_string()) detail.assign(text->get_string().data(), text->get_string().size());
    }
    return {StreamErrc::refused,
            fmt::format("the API at {}:{} tells nothing of the fleet: {}", place.host, place.port, detail)};
}

}  // namespace

const ErrorCategory& error_category(StreamErrc) noexcept {
    static const ErrorCategory category("place_stream", code_name);
    return category;
}

struct PlaceStream::Connection {
    explicit Connection(asio::io_context& io) : stream(io), resolver(io) {}

    beast::tcp_stream stream;
    asio::ip::tcp::resolver resolver;
    beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    net::SseReader reader;
    std::array<char, piece_bytes> piece{};
};

PlaceStream::PlaceStream(asio::io_context& io) : connection_(std::make_unique<Connection>(io)) {}
PlaceStream::~PlaceStream() = default;

void PlaceStream::stop() {
    connection_->resolver.cancel();
    connection_->stream.close();
}

asio::awaitable<Error> PlaceStream::run(FleetPlace place, Take take) {
    Connection& c = *connection_;
    c.stream.expires_after(connect_timeout);
    const auto [not_found, endpoints] = co_await c.resolver.async_resolve(place.host, place.port, awaited);
    if (not_found) co_return unreachable(place, not_found.message());
    const auto [not_connected, endpoint] = co_await c.stream.async_connect(endpoints, awaited);
    if (not_connected) co_return unreachable(place, not_connected.message());

    http::request<http::empty_body> request(http::verb::get, "/api/v1/places", 11);
    request.set(http::field::host, fmt::format("{}:{}", place.host, place.port));
    request.set(http::field::user_agent, "holdfast");
    request.set(http::field::accept, "text/event-stream");
    request.set(http::field::authorization, "Bearer " + place.token);
    const auto [not_written, written] = co_await http::async_write(c.stream, request, awaited);
    if (not_written) co_return broken(place, not_written);
    c.parser.body_limit(boost::none);
    const auto [no_head, head_bytes] = co_await http::async_read_header(c.stream, c.buffer, c.parser, awaited);
    if (no_head) co_return broken(place, no_head);

    const unsigned status = c.parser.get().result_int();
    std::string refusal;
    std::size_t since_event = 0;
    while (!c.parser.is_done()) {
        auto& body = c.parser.get().body();
        body.data = c.piece.data();
        body.size = c.piece.size();
        c.stream.expires_after(silence);
        const auto [error, bytes] = co_await http::async_read_some(c.stream, c.buffer, c.parser, awaited);
        if (error && error != http::error::need_buffer) co_return broken(place, error);
        const std::string_view text(c.piece.data(), c.piece.size() - c.parser.get().body().size);
        if (status != 200) {
            refusal += text.substr(0, max_refusal_bytes - std::min(max_refusal_bytes, refusal.size()));
            continue;
        }
        since_event += text.size();
        c.reader.push(text);
        while (const auto event = c.reader.next()) {
            since_event = 0;
            if (auto taken = take(event->event, event->data); !taken) co_return std::move(taken).error();
        }
        if (since_event > max_event_bytes)
            co_return Error(StreamErrc::broken, "the fleet's API sends an event that is too large to be one of places");
    }
    if (status != 200) co_return refused(place, status, refusal);
    co_return Error(StreamErrc::broken, fmt::format("the API at {}:{} has ended the stream of places", place.host, place.port));
}

}  // namespace holdfast::directory
