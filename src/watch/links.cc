#include "watch/links.h"

#include <fmt/format.h>

#include <utility>

#include "runtime/log.h"

namespace holdfast::watch {

class Links::Line final : public redis::RedisLinkUser {
public:
    Line(Links& links, sentinel::LinkId id, const sentinel::Address& address, redis::TlsContext tls)
        : links_(links), id_(id), link_(links.io_, {.tls = std::move(tls)}, *this) {
        link_.open({address.host, address.port});
    }

    void send(const std::vector<std::string>& words) { link_.send(words); }

    void on_open(std::string_view local) override { links_.user_.link_opened(id_, local, link_.remote_address()); }
    void on_reply(resp::Reply reply) override { links_.user_.link_replied(id_, reply); }
    void on_end(redis::LinkEnd end, std::string_view why) override {
        log::debug("sentinel", "{}", why);
        // This ends with the entry.
        Links& links = links_;
        const sentinel::LinkId id = id_;
        links.lines_.erase(id);
        links.user_.link_closed(id, in_the_machines_words(end));
    }

private:
    static sentinel::LinkEnd in_the_machines_words(redis::LinkEnd end) noexcept {
        switch (end) {
            case redis::LinkEnd::refused:
                return sentinel::LinkEnd::refused;
            case redis::LinkEnd::unreachable:
                return sentinel::LinkEnd::unreachable;
            case redis::LinkEnd::unresolved:
                return sentinel::LinkEnd::unresolved;
            case redis::LinkEnd::timed_out:
                return sentinel::LinkEnd::timed_out;
            case redis::LinkEnd::ended:
                break;
        }
        return sentinel::LinkEnd::ended;
    }

    Links& links_;
    const sentinel::LinkId id_;
    redis::RedisLink link_;
};

Links::Links(net::IoContext& io, LinksUser& user) : io_(io), user_(user) {}
Links::~Links() = default;

void Links::dial(const sentinel::Dial& order, redis::TlsContext tls) {
    lines_[order.link] = std::make_unique<Line>(*this, order.link, order.address, std::move(tls));
}

void Links::hang_up(sentinel::LinkId link) {
    lines_.erase(link);
}

void Links::send(const sentinel::Send& order) {
    if (const auto found = lines_.find(order.link); found != lines_.end()) found->second->send(order.words);
}

}  // namespace holdfast::watch
