#pragma once
// A few commands said on a connection of their own, and their answers.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/tcp.h"
#include "redis/link.h"
#include "resp/reply.h"

namespace holdfast::redis {

/// Who we are to a server. Both empty: nobody in particular.
struct Login {
    std::string user = {};
    std::string password = {};  ///< a secret

    /// The AUTH command; nothing when there is none to be said.
    [[nodiscard]] std::optional<std::vector<std::string>> command() const;
};

/// Threads: the io_context's one thread.
class Exchange final : public RedisLinkUser {
public:
    /// The answer to the last command; the others only count when they are errors. Errors: no_answer, with the address and why.
    using Done = std::function<void(Result<resp::Reply>)>;

    /// `done` is called once, never from inside the constructor; it may destroy the exchange.
    Exchange(net::IoContext& io, const net::HostPort& address, const LinkOptions& options, const Login& login,
             std::vector<std::string> command, Duration answer_timeout, Done done);

    void on_open(std::string_view local) override;
    void on_reply(resp::Reply reply) override;
    void on_end(LinkEnd end, std::string_view why) override;

private:
    void finish(Result<resp::Reply> outcome);

    const std::string where_;
    std::vector<std::vector<std::string>> commands_;
    std::size_t answered_ = 0;
    Done done_;
    /// A timer that has run out calls even after its end.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
    net::Timer timer_;
    RedisLink link_;
};

}  // namespace holdfast::redis
