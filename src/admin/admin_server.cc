#include "admin/admin_server.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "admin/api.h"
#include "admin/problem.h"

namespace holdfast::admin {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 3> names = {"bad_address", "remote_not_allowed", "cannot_listen"};
    return code < names.size() ? names[code] : "unknown";
}

constexpr std::chrono::milliseconds pause_after_failed_accept{100};

/// For whoever comes while all connections are taken.
const std::string& busy_answer() {
    static const std::string answer = [] {
        const Response busy = problem({503, "busy", "the API serves as many connections as it may; try again"});
        return fmt::format(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: {}\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: "
            "{}\r\n\r\n{}",
            busy.content_type, busy.body.size(), busy.body);
    }();
    return answer;
}

}  // namespace

const ErrorCategory& error_category(AdminErrc) noexcept {
    static const ErrorCategory category("admin", code_name);
    return category;
}

AdminServer::AdminServer(asio::io_context& io, Api& api, access::Tokens& tokens, AdminOptions options)
    : io_(io),
      options_(std::move(options)),
      context_{api, api.control == nullptr ? fleetless_route_table() : route_table(), tokens, options_},
      acceptor_(io),
      accept_pause_(io) {}

AdminServer::~AdminServer() {
    stop();
}

Result<void> AdminServer::start() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) return fail(AdminErrc::bad_address, fmt::format("admin.listen: '{}' is not an IP address", options_.address));
    if (!address.is_loopback() && !options_.allow_remote) {
        return fail(
            AdminErrc::remote_not_allowed,
            fmt::format(
                "admin.listen: {} can be reached from other machines, and the API speaks plain HTTP; listen on 127.0.0.1, "
                "or set admin.allow_remote = true",
                options_.address));
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
        return fail(AdminErrc::cannot_listen,
                    fmt::format("the API cannot listen on {}:{}: {}", options_.address, options_.port, error.message()));
    }
    accept();
    return {};
}

std::string AdminServer::endpoint() const {
    const bool is_v6 = options_.address.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", options_.address, port_) : fmt::format("{}:{}", options_.address, port_);
}

void AdminServer::stop() {
    if (stopped_) return;
    stopped_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    for (const auto& weak : sessions_) {
        if (const auto session = weak.lock()) session->stop();
    }
}

void AdminServer::accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
        if (error == asio::error::operation_aborted || stopped_) return;
        if (!error) {
            take(std::move(socket));
            accept();
            return;
        }
        // Out of descriptors, most likely: accepting again at once would only spin.
        accept_pause_.expires_after(pause_after_failed_accept);
        accept_pause_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled && !stopped_) accept();
        });
    });
}

void AdminServer::take(tcp::socket socket) {
    if (sessions_.size() >= options_.max_connections) {
        turn_away(std::move(socket));
        return;
    }
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto session = std::make_shared<HttpSession>(boost::beast::tcp_stream(std::move(socket)), context_);
    const auto place = sessions_.insert(sessions_.end(), session);
    asio::co_spawn(io_, HttpSession::run(session), [this, place](const std::exception_ptr& thrown) {
        if (thrown && !stopped_) std::rethrow_exception(thrown);
        sessions_.erase(place);
    });
}

void AdminServer::turn_away(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.send(asio::buffer(busy_answer()), 0, ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace holdfast::admin
