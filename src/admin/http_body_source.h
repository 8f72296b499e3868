#pragma once
// A request's body read piece by piece from its connection.

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstdint>

#include "admin/http_message.h"

namespace holdfast::admin {

/// Threads: the control thread only. The stream and the buffer must outlive it.
class HttpBodySource final : public BodySource {
public:
    using HeadParser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

    /// `head` has read the header and nothing of the body. Each piece must arrive within `piece_timeout`; all of them together
    /// may have `max_bytes`.
    HttpBodySource(boost::beast::tcp_stream& stream, boost::beast::flat_buffer& buffer, HeadParser&& head,
                   std::chrono::milliseconds piece_timeout, std::uint64_t max_bytes);

    [[nodiscard]] boost::asio::awaitable<Result<std::string_view>> next() override;

    /// True when all of the body was read, so that the connection can be used again.
    [[nodiscard]] bool is_done() const { return parser_.is_done(); }

private:
    boost::beast::tcp_stream& stream_;
    boost::beast::flat_buffer& buffer_;
    boost::beast::http::request_parser<boost::beast::http::buffer_body> parser_;
    std::chrono::milliseconds piece_timeout_;
    std::uint64_t max_bytes_;
    std::uint64_t read_bytes_ = 0;
    /// Not cleared: only what was read into it is looked at.
    std::array<char, 64 * 1024> piece_;
};

}  // namespace holdfast::admin
