#include "redis/exchange.h"

#include <fmt/format.h>

#include <utility>

namespace holdfast::redis {

std::optional<std::vector<std::string>> Login::command() const {
    if (password.empty()) return std::nullopt;
    if (user.empty()) return std::vector<std::string>{"AUTH", password};
    return std::vector<std::string>{"AUTH", user, password};
}

Exchange::Exchange(net::IoContext& io, const net::HostPort& address, const LinkOptions& options, const Login& login,
                   std::vector<std::string> command, Duration answer_timeout, Done done)
    : where_(net::to_text(address)), done_(std::move(done)), timer_(io), link_(io, options, *this) {
    if (auto auth = login.command()) commands_.push_back(std::move(*auth));
    commands_.push_back(std::move(command));
    timer_.expires_after(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(options.connect_timeout + answer_timeout));
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const net::ErrorCode& error) {
        if (!error && !alive.expired()) finish(fail(RedisErrc::no_answer, fmt::format("{} does not answer", where_)));
    });
    link_.open(address);
}

void Exchange::on_open(std::string_view) {
    for (const auto& command : commands_)
        link_.send(command);
}

void Exchange::on_reply(resp::Reply reply) {
    const bool last = ++answered_ == commands_.size();
    if (reply.is_error()) return finish(fail(RedisErrc::no_answer, fmt::format("{} answers: {}", where_, reply.text)));
    if (last) finish(std::move(reply));
}

void Exchange::on_end(LinkEnd, std::string_view why) {
    finish(fail(RedisErrc::no_answer, std::string(why)));
}

void Exchange::finish(Result<resp::Reply> outcome) {
    timer_.cancel();
    // This may end with the call.
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

}  // namespace holdfast::redis
