#pragma once
// One connection to a server of the Redis protocol: resolves the name, connects, says commands, and gives what comes back. Who
// we are (AUTH) is for its user to say.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/address.h"
#include "net/tcp.h"
#include "redis/reply_reader.h"
#include "redis/tls.h"
#include "resp/reply.h"

namespace holdfast::redis {

/// Why a connection is no more, or never was.
enum class LinkEnd : std::uint8_t {
    refused,
    unreachable,
    unresolved,  ///< the host's name
    timed_out,   ///< not connected in time
    ended,       ///< it was connected
};

struct LinkOptions {
    /// For the name, the connection and TLS together.
    Duration connect_timeout = std::chrono::seconds(5);
    TlsContext tls = nullptr;  ///< null: in the clear
    ReplyLimits limits = {};
    /// What may wait to be sent to a server that reads nothing; more ends the connection.
    std::size_t max_unsent = std::size_t{4} * 1024 * 1024;
};

/// What a link's user hears. Calls come on the io_context's thread, never from inside a call of the link. Inside each of them
/// any method of the link may be called, and the link may be destroyed.
class RedisLinkUser {
public:
    /// `local` is this end's address without a port.
    virtual void on_open(std::string_view local) = 0;
    /// The answer to the oldest command without one, or a push on a subscription.
    virtual void on_reply(resp::Reply reply) = 0;
    /// The last call. `why` is a sentence about it, valid during the call.
    virtual void on_end(LinkEnd end, std::string_view why) = 0;

protected:
    ~RedisLinkUser() = default;
};

/// Opened once. Threads: the io_context's one thread. The io_context and the user must outlive the link.
class RedisLink {
public:
    RedisLink(net::IoContext& io, LinkOptions options, RedisLinkUser& user);
    /// Closes hard, without a word to anybody.
    ~RedisLink();
    RedisLink(const RedisLink&) = delete;
    RedisLink& operator=(const RedisLink&) = delete;

    void open(const net::HostPort& address);
    /// Only when open.
    void send(std::span<const std::string> words);
    /// The number of the other end; only when open.
    [[nodiscard]] std::string remote_address() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::redis
