#include "cli/sentinel_client.h"

#include <fmt/format.h>

#include <utility>

#include "cli/api_client.h"

namespace holdfast::cli {
namespace {

/// "ERR", "NOAUTH", ...: what stands before the sentence.
std::string_view code_of(const resp::Reply& reply) {
    const std::string_view text = reply.text;
    const std::string_view word = text.substr(0, text.find(' '));
    return word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos ? word : std::string_view();
}

std::string sentence_of(const resp::Reply& reply) {
    const std::size_t begin = reply.text.find_first_not_of(' ', code_of(reply).size());
    return begin == std::string::npos ? reply.text : reply.text.substr(begin);
}

}  // namespace

SentinelClient::SentinelClient(const SentinelPlace& place, Duration timeout)
    : place_(place),
      where_(net::to_text(place.address)),
      timeout_(timeout),
      link_(io_, {.connect_timeout = timeout, .tls = place.tls}, *this) {}

Result<resp::Reply> SentinelClient::ask(const std::vector<std::string>& words) {
    if (!std::exchange(opened_, true)) {
        if (auto opened = open(); !opened) return std::unexpected(opened.error());
    }
    auto reply = exchange(words);
    if (!reply || !reply->is_error()) return reply;
    const std::string_view code = code_of(*reply);
    if (code == "NOAUTH") {
        return fail(ClientErrc::unauthorised,
                    fmt::format("the sentinel at {} wants a password: give it by HOLDFAST_SENTINEL_PASSWORD, or its file by "
                                "--sentinel-password-file",
                                where_));
    }
    if (code == "NOPERM") {
        return fail(ClientErrc::unauthorised,
                    fmt::format("the sentinel at {} does not allow it: {}", where_, sentence_of(*reply)));
    }
    return reply;
}

Error SentinelClient::refusal(const resp::Reply& reply) const {
    return {ClientErrc::refused, fmt::format("the sentinel at {} refuses: {}", where_, sentence_of(reply))};
}

void SentinelClient::on_open(std::string_view) {
    is_open_ = true;
}

void SentinelClient::on_reply(resp::Reply reply) {
    answered_ = true;
    reply_ = std::move(reply);
}

void SentinelClient::on_end(redis::LinkEnd end, std::string_view why) {
    switch (end) {
        case redis::LinkEnd::refused:
            end_ = Error(ClientErrc::unreachable, fmt::format("no sentinel answers at {}", where_));
            return;
        case redis::LinkEnd::timed_out:
            end_ = Error(ClientErrc::timed_out, fmt::format("the sentinel at {} does not answer in time", where_));
            return;
        case redis::LinkEnd::unreachable:
        case redis::LinkEnd::unresolved:
            end_ = Error(ClientErrc::unreachable, std::string(why));
            return;
        case redis::LinkEnd::ended:
            // One that speaks TLS leaves who does not.
            const bool may_be_tls = !place_.tls && !answered_;
            end_ =
                Error(ClientErrc::broken, fmt::format("{}{}", why, may_be_tls ? "; if it speaks TLS: --sentinel-ca FILE" : ""));
            return;
    }
}

template <class Condition>
Result<> SentinelClient::wait_until(Condition is_done) {
    while (!is_done()) {
        if (end_) return std::unexpected(*end_);
        if (io_.run_one_until(deadline_) == 0)
            return fail(ClientErrc::timed_out, fmt::format("the sentinel at {} does not answer in time", where_));
    }
    return {};
}

Result<> SentinelClient::open() {
    deadline_ = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout_);
    link_.open(place_.address);
    if (auto done = wait_until([this] { return is_open_; }); !done) return done;
    const auto login = place_.login.command();
    if (!login) return {};
    const auto reply = exchange(*login);
    if (!reply) return std::unexpected(reply.error());
    if (!reply->is_error()) return {};
    return fail(ClientErrc::unauthorised,
                fmt::format("the sentinel at {} does not take this password: {}", where_, sentence_of(*reply)));
}

Result<resp::Reply> SentinelClient::exchange(const std::vector<std::string>& words) {
    reply_.reset();
    if (end_) return std::unexpected(*end_);
    link_.send(words);
    if (auto done = wait_until([this] { return reply_.has_value(); }); !done) return std::unexpected(done.error());
    return std::move(*std::exchange(reply_, std::nullopt));
}

}  // namespace holdfast::cli
