#pragma once
// The connections that a sentinel asked for: one redis::RedisLink each.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/tcp.h"
#include "redis/link.h"
#include "redis/tls.h"
#include "resp/reply.h"
#include "sentinel/action.h"
#include "sentinel/sentinel.h"

namespace holdfast::watch {

/// Calls come on the io_context's thread, never from inside a call of `Links`.
class LinksUser {
public:
    /// Both ends' addresses, without ports.
    virtual void link_opened(sentinel::LinkId link, std::string_view local, std::string_view remote) = 0;
    virtual void link_closed(sentinel::LinkId link, sentinel::LinkEnd end) = 0;
    virtual void link_replied(sentinel::LinkId link, const resp::Reply& reply) = 0;

protected:
    ~LinksUser() = default;
};

/// Threads: the io_context's one thread.
class Links {
public:
    Links(net::IoContext& io, LinksUser& user);
    ~Links();

    /// `tls` null: in the clear.
    void dial(const sentinel::Dial& order, redis::TlsContext tls);
    void hang_up(sentinel::LinkId link);
    /// On a link that is not open it is dropped: the machine hears of its end.
    void send(const sentinel::Send& order);

private:
    class Line;

    net::IoContext& io_;
    LinksUser& user_;
    std::unordered_map<sentinel::LinkId, std::unique_ptr<Line>> lines_;
};

}  // namespace holdfast::watch
