#include "watch/peer_links.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/post.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "net/address.h"
#include "net/steady_time.h"
#include "runtime/log.h"

namespace holdfast::watch {
namespace {

constexpr std::string_view part = "sentinel";
/// Things said to one peer that have no answer yet; the machine asks again in any case.
constexpr std::size_t most_unanswered = 1024;

std::chrono::steady_clock::duration steady(Duration span) {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(span);
}

/// An answer's words; nothing: it is an error, or nothing that a sentinel of ours says.
PeerLinks::Words words_of(const resp::Reply& reply) {
    PeerLinks::Words words;
    for (const resp::Reply& item : reply.items) {
        if (!item.is_text()) return {};
        words.push_back(item.text);
    }
    return words;
}

}  // namespace

class PeerLinks::Line final : public redis::RedisLinkUser, public std::enable_shared_from_this<PeerLinks::Line> {
public:
    Line(PeerLinks& links, std::string peer) : links_(&links), peer_(std::move(peer)), timer_(links.io_) {}

    void say(Words words) {
        if (unanswered_.size() >= most_unanswered || is_left_alone()) {
            boost::asio::post(links_->io_, [self = shared_from_this(), words = std::move(words)] { self->answer(words, {}); });
            return;
        }
        unanswered_.push_back({std::move(words), net::steady_now()});
        if (!link_) return dial();
        if (open_) link_->send(unanswered_.back().words);
        if (unanswered_.size() == 1) arm();
    }
    void leave() {
        links_ = nullptr;
        timer_.cancel();
        link_.reset();
    }

    void on_open(std::string_view) override {
        open_ = true;
        told_ = false;
        const PeerLinksOptions& options = links_->options_;
        if (!options.password.empty()) {
            Words words{"AUTH"};
            if (!options.user.empty()) words.push_back(options.user);
            words.push_back(options.password);
            awaits_auth_ = true;
            link_->send(words);
        }
        for (const Said& said : unanswered_)
            link_->send(said.words);
    }
    void on_reply(resp::Reply reply) override {
        const auto keep = shared_from_this();
        if (std::exchange(awaits_auth_, false)) {
            if (reply.is_error()) complain(fmt::format("it refuses the password: {}", reply.text));
            return;
        }
        if (unanswered_.empty()) return;
        const Words said = std::move(unanswered_.front().words);
        unanswered_.pop_front();
        if (reply.is_error()) complain(reply.text);
        arm();
        answer(said, words_of(reply));
    }
    void on_end(redis::LinkEnd, std::string_view why) override { lost(std::string(why)); }

private:
    struct Said {
        Words words;
        Time at{};
    };

    [[nodiscard]] bool is_left_alone() const { return lost_at_ && net::steady_now() - *lost_at_ < links_->options_.redial; }
    void dial() {
        const auto address = net::parse_host_port(peer_);
        open_ = awaits_auth_ = false;
        link_.emplace(links_->io_, links_->options_.link, *this);
        link_->open(address.value_or(net::HostPort{}));
        arm();
    }
    /// The oldest that was said is answered by then, or the link is given up.
    void arm() {
        if (unanswered_.empty()) {
            timer_.cancel();
            return;
        }
        timer_.expires_at(net::to_steady(unanswered_.front().at) + steady(links_->options_.answer_timeout));
        timer_.async_wait([self = shared_from_this()](const net::ErrorCode& error) {
            if (!error && self->links_ != nullptr) self->lost("it does not answer");
        });
    }
    void lost(const std::string& why) {
        const auto keep = shared_from_this();
        complain(why);
        timer_.cancel();
        link_.reset();
        open_ = false;
        lost_at_ = net::steady_now();
        for (const Said& said : std::exchange(unanswered_, {}))
            answer(said.words, {});
    }
    /// Once until it is reached again.
    void complain(const std::string& why) {
        if (!std::exchange(told_, true)) log::warning(part, "the sentinel at {}: {}", peer_, why);
    }
    void answer(const Words& said, const Words& words) {
        if (links_ != nullptr) links_->answered_(peer_, said, words);
    }

    PeerLinks* links_;  ///< null: they are gone
    const std::string peer_;
    net::Timer timer_;
    std::optional<redis::RedisLink> link_;
    std::deque<Said> unanswered_;
    std::optional<Time> lost_at_;
    bool open_ = false;
    bool awaits_auth_ = false;
    bool told_ = false;
};

PeerLinks::PeerLinks(net::IoContext& io, PeerLinksOptions options, Answered answered)
    : io_(io), options_(std::move(options)), answered_(std::move(answered)) {}

PeerLinks::~PeerLinks() {
    for (const auto& [peer, line] : lines_)
        line->leave();
}

void PeerLinks::say(const std::string& peer, Words words) {
    auto& line = lines_[peer];
    if (!line) line = std::make_shared<Line>(*this, peer);
    line->say(std::move(words));
}

}  // namespace holdfast::watch
