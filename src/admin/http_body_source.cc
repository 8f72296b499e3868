#include "admin/http_body_source.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

namespace holdfast::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

HttpBodySource::HttpBodySource(beast::tcp_stream& stream, beast::flat_buffer& buffer, HeadParser&& head,
                               std::chrono::milliseconds piece_timeout, std::uint64_t max_bytes)
    : stream_(stream), buffer_(buffer), parser_(std::move(head)), piece_timeout_(piece_timeout), max_bytes_(max_bytes) {
    // Checked here piece by piece; the parser's own bound would end the whole message with one word.
    parser_.body_limit(boost::none);
}

asio::awaitable<Result<std::string_view>> HttpBodySource::next() {
    auto& body = parser_.get().body();
    while (!parser_.is_done()) {
        body.data = piece_.data();
        body.size = piece_.size();
        stream_.expires_after(piece_timeout_);
        const auto [error, bytes] =
            co_await http::async_read_some(stream_, buffer_, parser_, asio::as_tuple(asio::use_awaitable));
        if (error == beast::error::timeout) co_return fail(BodyErrc::timed_out, "the request's body did not arrive in time");
        if (error && error != http::error::need_buffer) {
            co_return fail(BodyErrc::broken, fmt::format("the request's body is broken: {}", error.message()));
        }
        const std::size_t got = piece_.size() - body.size;
        read_bytes_ += got;
        if (read_bytes_ > max_bytes_) {
            co_return fail(BodyErrc::too_large, fmt::format("the request's body is larger than {} bytes", max_bytes_));
        }
        if (got > 0) co_return std::string_view(piece_.data(), got);
    }
    co_return std::string_view();
}

}  // namespace holdfast::admin
