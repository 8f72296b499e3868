#pragma once
// One connection of the HTTP API: reads requests, asks the router, checks the token, runs the handler and writes the answer,
// one request after the other, each step with its bound.

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "access/tokens.h"
#include "admin/admin_options.h"
#include "admin/http_message.h"
#include "admin/router.h"

namespace holdfast::admin {

/// What sessions share. Must outlive them.
struct SessionContext {
    Api& api;
    std::span<const Route> routes;
    access::Tokens& tokens;
    const AdminOptions& options;
};

/// Threads: the control thread only.
class HttpSession : public std::enable_shared_from_this<HttpSession>, private CallerLine {
public:
    HttpSession(boost::beast::tcp_stream stream, const SessionContext& context);

    /// Serves the connection until it ends. The session is kept alive by the coroutine.
    [[nodiscard]] static boost::asio::awaitable<void> run(std::shared_ptr<HttpSession> self);

    /// Ends the connection now; `run` returns soon after.
    void stop();

private:
    enum class Next { keep_open, close };

    boost::asio::awaitable<Next> serve_one();
    boost::asio::awaitable<Next> answer(Response response, bool keep_alive, unsigned version, bool head_only);
    boost::asio::awaitable<Next> answer_stream(Response response, unsigned version);
    void watch_for_close();
    void on_gone(std::function<void()> gone) override;
    void forget() override;
    [[nodiscard]] bool caller_is_gone();
    boost::asio::awaitable<void> linger();

    boost::beast::tcp_stream stream_;
    const SessionContext& context_;
    boost::beast::flat_buffer buffer_;
    /// The source of the answer being streamed, told when the client goes away.
    ResponseSource* streaming_ = nullptr;
    std::string source_;
    /// Told when the caller of the request being handled goes away.
    std::function<void()> gone_;
    bool stopped_ = false;
};

}  // namespace holdfast::admin
