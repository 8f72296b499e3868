#pragma once
// The HTTP API's listener: accepts connections within their bound and lets sessions serve them.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "access/tokens.h"
#include "admin/admin_options.h"
#include "admin/http_session.h"
#include "base/result.h"

namespace holdfast::admin {

enum class AdminErrc : std::uint16_t { bad_address, remote_not_allowed, cannot_listen };
[[nodiscard]] const ErrorCategory& error_category(AdminErrc) noexcept;

/// Threads: everything on the thread that runs `io`, except before that one runs. Call `stop` and let `io` run dry before
/// destroying it.
class AdminServer {
public:
    /// `api` and `tokens` must outlive the server.
    AdminServer(boost::asio::io_context& io, Api& api, access::Tokens& tokens, AdminOptions options);
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    /// Binds and begins to accept. Fails when the address is not an IP address, is not loopback without `allow_remote`, or is
    /// taken.
    [[nodiscard]] Result<void> start();

    /// Closes the listener and every connection.
    void stop();

    /// The bound port; 0 before `start`.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// "127.0.0.1:8080", or "[::1]:8080".
    [[nodiscard]] std::string endpoint() const;
    [[nodiscard]] std::size_t connections() const noexcept { return sessions_.size(); }

private:
    void accept();
    void take(boost::asio::ip::tcp::socket socket);
    void turn_away(boost::asio::ip::tcp::socket socket);

    boost::asio::io_context& io_;
    AdminOptions options_;
    SessionContext context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer accept_pause_;
    std::uint16_t port_ = 0;
    bool stopped_ = false;
    std::list<std::weak_ptr<HttpSession>> sessions_;
};

}  // namespace holdfast::admin
