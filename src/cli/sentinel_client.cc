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

Result<> SentinelClient::follow(const std::function<bool(const std::string& event, const std::string& text)>& take) {
    const auto subscribed = ask({"PSUBSCRIBE", "*"});
    if (!subscribed) return std::unexpected(subscribed.error());
    if (subscribed->is_error()) return std::unexpected(refusal(*subscribed));
    bool asked = false;
    while (true) {
        allow_time();
        const auto pushed = next_reply();
        if (!pushed) {
            if (asked || !pushed.error().is(ClientErrc::timed_out)) return std::unexpected(pushed.error());
            asked = true;
            link_.send(std::vector<std::string>{"PING"});
            continue;
        }
        asked = false;
        const auto& items = pushed->items;
        constexpr std::size_t message_items = 4;
        const bool is_event = items.size() == message_items && items[0].text == "pmessage";
        if (is_event && !take(items[2].text, items[3].text)) return {};
    }
}

Error SentinelClient::refusal(const resp::Reply& reply) const {
    return {ClientErrc::refused, fmt::format("the sentinel at {} refuses: {}", where_, sentence_of(reply))};
}

void SentinelClient::on_open(std::string_view) {
    is_open_ = true;
}

void SentinelClient::on_reply(resp::Reply reply) {
    answered_ = true;
    replies_.push_back(std::move(reply));
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

void SentinelClient::allow_time() {
    deadline_ = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout_);
}

Result<> SentinelClient::open() {
    allow_time();
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
    if (end_) return std::unexpected(*end_);
    link_.send(words);
    return next_reply();
}

Result<resp::Reply> SentinelClient::next_reply() {
    if (auto done = wait_until([this] { return !replies_.empty(); }); !done) return std::unexpected(done.error());
    resp::Reply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
}

}  // namespace holdfast::cli
