#include "cli/api_client.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "net/sse_reader.h"

namespace holdfast::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

constexpr auto awaited = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t max_answer_bytes = 256ULL * 1024 * 1024;
constexpr std::size_t upload_piece = 64 * 1024;
/// Longer than the API's heartbeat: silence beyond it means that the connection is dead.
constexpr std::chrono::seconds stream_silence{45};

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 6> names = {"unreachable", "timed_out",    "broken",
                                                       "not_found",   "unauthorised", "refused"};
    return code < names.size() ? names[code] : "unknown";
}

Error broken(const ApiPlace& place, const beast::error_code& error) {
    if (error == beast::error::timeout) {
        return {ClientErrc::timed_out, fmt::format("Holdfast at {} does not answer in time", place.address())};
    }
    return {ClientErrc::broken, fmt::format("the connection to {} broke: {}", place.address(), error.message())};
}

Error unreachable(const ApiPlace& place, const boost::system::error_code& error) {
    if (error == asio::error::connection_refused) {
        return {ClientErrc::unreachable,
                fmt::format("no Holdfast answers at {}; start one with: holdfast up --demo", place.address())};
    }
    return {ClientErrc::unreachable, fmt::format("no Holdfast can be reached at {}: {}", place.address(), error.message())};
}

std::string no_token_sentence(const ApiPlace& place) {
    if (!place.token_trouble.empty()) return fmt::format("no admin token: {}", place.token_trouble);
    return fmt::format(
        "no admin token: give it by --token or HOLDFAST_TOKEN, or point --data-dir at Holdfast's data directory{}",
        place.token_file.empty() ? "" : fmt::format(" (looked for {})", place.token_file.string()));
}

/// What an answer that is not 2xx says.
Error refusal(const ApiPlace& place, unsigned status, const std::string& body) {
    boost::system::error_code error;
    const json::value value = json::parse(body, error);
    std::string detail;
    if (!error && value.is_object()) {
        if (const auto* const text = value.get_object().if_contains("detail"); text != nullptr && text->is_string()) {
            detail.assign(text->get_string().data(), text->get_string().size());
        }
    }
    if (status == 403 && !detail.empty()) return {ClientErrc::unauthorised, std::move(detail)};
    if (status == 401 || status == 403) {
        if (place.token.empty()) return {ClientErrc::unauthorised, no_token_sentence(place)};
        return {ClientErrc::unauthorised,
                fmt::format("Holdfast at {} does not take this token; is it another one's?", place.address())};
    }
    if (detail.empty()) {
        return {ClientErrc::broken,
                fmt::format("what answers at {} is not Holdfast's API (status {})", place.address(), status)};
    }
    return {status == 404 ? ClientErrc::not_found : ClientErrc::refused, std::move(detail)};
}

template <class Message>
void set_fields(Message& message, const ApiPlace& place, std::string_view accept) {
    message.set(http::field::host, place.address());
    message.set(http::field::user_agent, "holdfast");
    message.set(http::field::accept, accept);
    if (!place.token.empty()) message.set(http::field::authorization, "Bearer " + place.token);
}

/// One connection to the API and what was read from it so far.
struct Connection {
    explicit Connection(asio::io_context& io) : stream(io), resolver(io) {}

    asio::awaitable<Result<void>> open(const ApiPlace& place, std::chrono::milliseconds timeout) {
        stream.expires_after(timeout);
        const auto [not_found, endpoints] = co_await resolver.async_resolve(place.host, place.port, awaited);
        if (not_found) co_return std::unexpected(unreachable(place, not_found));
        const auto [error, endpoint] = co_await stream.async_connect(endpoints, awaited);
        if (error) co_return std::unexpected(unreachable(place, error));
        co_return Result<void>();
    }

    beast::tcp_stream stream;
    asio::ip::tcp::resolver resolver;
    beast::flat_buffer buffer;
};

asio::awaitable<Result<json::value>> read_answer(Connection& connection, const ApiPlace& place,
                                                 std::chrono::milliseconds timeout) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(max_answer_bytes);
    connection.stream.expires_after(timeout);
    const auto [error, bytes] = co_await http::async_read(connection.stream, connection.buffer, parser, awaited);
    if (error) co_return std::unexpected(broken(place, error));
    const auto& answer = parser.get();
    const unsigned status = answer.result_int();
    if (status < 200 || status > 299) co_return std::unexpected(refusal(place, status, answer.body()));
    if (answer.body().empty()) co_return json::value(nullptr);
    boost::system::error_code malformed;
    json::value value = json::parse(answer.body(), malformed);
    if (malformed) co_return fail(ClientErrc::broken, fmt::format("what answers at {} is not Holdfast's API", place.address()));
    co_return value;
}

asio::awaitable<Result<json::value>> exchange(asio::io_context& io, const ApiPlace& place, std::chrono::milliseconds timeout,
                                              const http::request<http::string_body>& request) {
    Connection connection(io);
    const Result<void> opened = co_await connection.open(place, timeout);
    if (!opened) co_return std::unexpected(opened.error());
    connection.stream.expires_after(timeout);
    const auto [error, bytes] = co_await http::async_write(connection.stream, request, awaited);
    if (error) co_return std::unexpected(broken(place, error));
    co_return co_await read_answer(connection, place, timeout);
}

asio::awaitable<Result<json::value>> send_pieces(asio::io_context& io, const ApiPlace& place, std::chrono::milliseconds timeout,
                                                 http::request<http::empty_body> head, std::istream& in) {
    Connection connection(io);
    const Result<void> opened = co_await connection.open(place, timeout);
    if (!opened) co_return std::unexpected(opened.error());
    http::request_serializer<http::empty_body> serializer(head);
    connection.stream.expires_after(timeout);
    const auto [head_error, head_bytes] = co_await http::async_write_header(connection.stream, serializer, awaited);
    if (head_error) co_return std::unexpected(broken(place, head_error));
    std::vector<char> piece(upload_piece);
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto count = static_cast<std::size_t>(in.gcount());
        if (count == 0) break;
        connection.stream.expires_after(timeout);
        const auto chunk = http::make_chunk(asio::buffer(piece.data(), count));
        const auto [error, bytes] = co_await asio::async_write(connection.stream, chunk, awaited);
        // The API may have answered already, e.g. that it does not know a column: its answer says more than the broken pipe.
        if (error) co_return co_await read_answer(connection, place, timeout);
    }
    connection.stream.expires_after(timeout);
    const auto last = http::make_chunk_last();
    co_await asio::async_write(connection.stream, last, awaited);
    co_return co_await read_answer(connection, place, timeout);
}

asio::awaitable<Result<void>> read_stream(asio::io_context& io, const ApiPlace& place, std::chrono::milliseconds timeout,
                                          const http::request<http::empty_body>& request,
                                          const std::function<bool(const ApiClient::StreamEvent&)>& take) {
    Connection connection(io);
    const Result<void> opened = co_await connection.open(place, timeout);
    if (!opened) co_return std::unexpected(opened.error());
    connection.stream.expires_after(timeout);
    const auto [write_error, written] = co_await http::async_write(connection.stream, request, awaited);
    if (write_error) co_return std::unexpected(broken(place, write_error));
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    const auto [head_error, head_bytes] =
        co_await http::async_read_header(connection.stream, connection.buffer, parser, awaited);
    if (head_error) co_return std::unexpected(broken(place, head_error));
    const unsigned status = parser.get().result_int();
    std::array<char, 16 * 1024> piece{};
    net::SseReader reader;
    std::string refused;
    while (!parser.is_done()) {
        auto& body = parser.get().body();
        body.data = piece.data();
        body.size = piece.size();
        connection.stream.expires_after(stream_silence);
        const auto [error, bytes] = co_await http::async_read_some(connection.stream, connection.buffer, parser, awaited);
        if (error && error != http::error::need_buffer) co_return std::unexpected(broken(place, error));
        const std::string_view text(piece.data(), piece.size() - body.size);
        if (status != 200) {
            refused += text;
            continue;
        }
        reader.push(text);
        while (const auto event = reader.next()) {
            if (!take({event->id, event->event, event->data})) co_return Result<void>();
        }
    }
    if (status != 200) co_return std::unexpected(refusal(place, status, refused));
    co_return Result<void>();
}

/// Runs one exchange to its end on this thread.
template <class T>
Result<T> run(asio::io_context& io, asio::awaitable<Result<T>> work) {
    std::optional<Result<T>> result;
    asio::co_spawn(io, std::move(work), [&result](const std::exception_ptr& thrown, Result<T> done) {
        if (thrown) std::rethrow_exception(thrown);
        result = std::move(done);
    });
    io.run();
    return std::move(*result);
}

}  // namespace

const ErrorCategory& error_category(ClientErrc) noexcept {
    static const ErrorCategory category("api_client", code_name);
    return category;
}

ExitCode exit_code_of(const Error& error) noexcept {
    if (error.is(ClientErrc::unreachable) || error.is(ClientErrc::timed_out) || error.is(ClientErrc::broken))
        return ExitCode::unreachable;
    if (error.is(ClientErrc::not_found)) return ExitCode::not_found;
    if (error.is(ClientErrc::unauthorised)) return ExitCode::refused;
    if (error.is(PlaceErrc::malformed_address) || error.is(PlaceErrc::unusable_file)) return ExitCode::usage;
    return ExitCode::failed;
}

ApiClient::ApiClient(ApiPlace place, std::chrono::milliseconds timeout) : place_(std::move(place)), timeout_(timeout) {}

Result<json::value> ApiClient::get(const std::string& target) {
    return send(http::verb::get, target);
}

Result<json::value> ApiClient::send(http::verb method, const std::string& target, const json::value* body) {
    http::request<http::string_body> request(method, target, 11);
    set_fields(request, place_, "application/json");
    request.keep_alive(false);
    if (body != nullptr) {
        request.set(http::field::content_type, "application/json");
        request.body() = json::serialize(*body);
    }
    request.prepare_payload();
    asio::io_context io(1);
    return run(io, exchange(io, place_, timeout_, request));
}

Result<json::value> ApiClient::upload(const std::string& target, const std::string& content_type, std::istream& in) {
    http::request<http::empty_body> head(http::verb::post, target, 11);
    set_fields(head, place_, "application/json");
    head.set(http::field::content_type, content_type);
    head.keep_alive(false);
    head.chunked(true);
    asio::io_context io(1);
    return run(io, send_pieces(io, place_, timeout_, std::move(head), in));
}

Result<void> ApiClient::follow(const std::string& target, const std::string& last_event_id,
                               const std::function<bool(const StreamEvent&)>& take) {
    http::request<http::empty_body> request(http::verb::get, target, 11);
    set_fields(request, place_, "text/event-stream");
    if (!last_event_id.empty()) request.set("Last-Event-ID", last_event_id);
    asio::io_context io(1);
    return run(io, read_stream(io, place_, timeout_, request, take));
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

}  // namespace holdfast::cli
