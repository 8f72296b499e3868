#pragma once
// The command line's side of the Redis protocol: one connection to a sentinel, questions and answers one after the other.

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/sentinel_place.h"
#include "net/tcp.h"
#include "redis/link.h"
#include "resp/reply.h"

namespace holdfast::cli {

/// Threads: one thread.
class SentinelClient final : private redis::RedisLinkUser {
public:
    /// `timeout`: of the connection and all that is asked on it, together; when following, of each silence.
    explicit SentinelClient(const SentinelPlace& place, Duration timeout = std::chrono::seconds(5));

    /// Connects and says who we are before the first question. A reply that is an error is an answer. Errors: those of
    /// ClientErrc, also for replies that want a password or allow too little.
    [[nodiscard]] Result<resp::Reply> ask(const std::vector<std::string>& words);
    /// Subscribes to all events and gives each to `take` until it answers false. Silence is asked about; only a sentinel that
    /// does not answer then has left. Errors: as of `ask`, refused.
    [[nodiscard]] Result<> follow(const std::function<bool(const std::string& event, const std::string& text)>& take);
    /// For a reply that is an error: a refusal in its own words, without the code word in front.
    [[nodiscard]] Error refusal(const resp::Reply& reply) const;

    [[nodiscard]] const std::string& where() const noexcept { return where_; }

private:
    void on_open(std::string_view local) override;
    void on_reply(resp::Reply reply) override;
    void on_end(redis::LinkEnd end, std::string_view why) override;

    [[nodiscard]] Result<> open();
    void allow_time();
    [[nodiscard]] Result<resp::Reply> exchange(const std::vector<std::string>& words);
    [[nodiscard]] Result<resp::Reply> next_reply();
    /// Until `is_done`, or the connection has ended, or it takes too long.
    template <class Condition>
    [[nodiscard]] Result<> wait_until(Condition is_done);

    const SentinelPlace place_;
    const std::string where_;
    const Duration timeout_;
    std::chrono::steady_clock::time_point deadline_;
    bool opened_ = false;
    bool is_open_ = false;
    bool answered_ = false;
    std::deque<resp::Reply> replies_;
    std::optional<Error> end_;
    net::IoContext io_{1};
    redis::RedisLink link_;
};

}  // namespace holdfast::cli
