#include "redis/stream.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace holdfast::redis {

namespace asio = boost::asio;

struct Stream::Tls {
    Tls(net::TcpSocket& socket, TlsContext shared)
        : context(std::move(shared)), stream(socket, *context), timer(socket.get_executor()) {}
    TlsContext context;
    asio::ssl::stream<net::TcpSocket&> stream;
    net::Timer timer;
    bool shaken = false;  ///< hands
    bool timed_out = false;
};

Stream::Stream(net::IoContext& io) : socket_(io) {}
Stream::Stream(net::TcpSocket socket) : socket_(std::move(socket)) {}
Stream::~Stream() = default;

void Stream::start_tls(const TlsContext& context, TlsSide side, const std::string& host, Done done) {
    tls_ = std::make_shared<Tls>(socket_, context);
    const bool client = side == TlsSide::client;
    // A number is no server name (RFC 6066, 3).
    net::ErrorCode not_a_number;
    asio::ip::make_address(host, not_a_number);
    if (client && !host.empty() && not_a_number) {
        SSL_ctrl(tls_->stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(host.c_str()));
    }
    tls_->timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(handshake_limit));
    tls_->timer.async_wait([weak = std::weak_ptr(tls_)](const net::ErrorCode& error) {
        const auto tls = weak.lock();
        if (error || !tls || tls->shaken) return;
        tls->timed_out = true;
        net::ErrorCode ignored;
        tls->stream.next_layer().close(ignored);
    });
    tls_->stream.async_handshake(client ? asio::ssl::stream_base::client : asio::ssl::stream_base::server,
                                 [this, done = std::move(done)](const net::ErrorCode& error) {
                                     tls_->shaken = true;
                                     tls_->timer.cancel();
                                     done(tls_->timed_out ? net::ErrorCode(asio::error::timed_out) : error);
                                 });
}

void Stream::read_some(std::span<char> into, Transferred done) {
    const auto buffer = asio::buffer(into.data(), into.size());
    if (tls_) return tls_->stream.async_read_some(buffer, std::move(done));
    socket_.async_read_some(buffer, std::move(done));
}

void Stream::write(std::string_view bytes, Transferred done) {
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if (tls_) return asio::async_write(tls_->stream, buffer, std::move(done));
    asio::async_write(socket_, buffer, std::move(done));
}

void Stream::close() noexcept {
    net::ErrorCode ignored;
    socket_.close(ignored);
}

}  // namespace holdfast::redis
