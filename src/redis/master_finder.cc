#include "redis/master_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "base/assert.h"

namespace holdfast::redis {
namespace {

constexpr std::string_view switched = "+switch-master";
constexpr Duration ping_period = std::chrono::seconds(2);

std::optional<net::HostPort> address_of(std::string_view host, std::string_view port) {
    net::HostPort address{std::string(host), 0};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size() || host.empty() || address.port == 0) return std::nullopt;
    return address;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t space = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, space));
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return words;
}

std::chrono::steady_clock::duration for_timer(Duration duration) {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(duration);
}

}  // namespace

/// A subscription to the switches of one sentinel. A sentinel that says nothing for two pings is left.
class MasterFinder::Listening final : public RedisLinkUser {
public:
    Listening(MasterFinder& finder, const net::HostPort& sentinel)
        : finder_(finder), timer_(finder.io_), link_(finder.io_, finder.options_.sentinel_link, *this) {
        link_.open(sentinel);
    }

    void on_open(std::string_view) override {
        if (const auto auth = finder_.options_.sentinel_login.command()) {
            link_.send(*auth);
            skip_ = 1;
        }
        link_.send(std::vector<std::string>{"SUBSCRIBE", std::string(switched)});
        watch();
    }

    void on_reply(resp::Reply reply) override {
        silent_ = 0;
        if (reply.is_error()) return finder_.on_listening_over();
        if (skip_ > 0) {
            --skip_;
            return;
        }
        constexpr std::size_t message_items = 3;
        if (reply.kind != resp::Reply::Kind::array || reply.items.size() != message_items) return;
        if (reply.items[0].text == "subscribe") return finder_.on_listening();
        if (reply.items[0].text == "message" && reply.items[1].text == switched) finder_.on_message(reply.items[2].text);
    }

    void on_end(LinkEnd, std::string_view) override { finder_.on_listening_over(); }

private:
    void watch() {
        timer_.expires_after(for_timer(ping_period));
        timer_.async_wait([this, alive = std::weak_ptr(alive_)](const net::ErrorCode& error) {
            if (error || alive.expired()) return;
            constexpr int too_silent = 2;
            if (++silent_ > too_silent) return finder_.on_listening_over();
            link_.send(std::vector<std::string>{"PING"});
            watch();
        });
    }

    MasterFinder& finder_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
    net::Timer timer_;
    RedisLink link_;
    int skip_ = 0;    ///< answers to AUTH
    int silent_ = 0;  ///< pings since the last answer
};

MasterFinder::MasterFinder(net::IoContext& io, MasterFinderOptions options, MasterFinderUser& user)
    : io_(io), options_(std::move(options)), user_(user), timer_(io), chance_(std::random_device{}()) {
    HF_ASSERT(!options_.sentinels.empty(), "a master is found by at least one sentinel");
}

MasterFinder::~MasterFinder() = default;

void MasterFinder::start() {
    ask_in(Duration{});
}

void MasterFinder::doubt() {
    if (!asking_) ask_in(Duration{});
}

void MasterFinder::ask_in(Duration pause) {
    exchange_.reset();
    asking_ = false;
    timer_.expires_after(for_timer(pause));
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const net::ErrorCode& error) {
        if (!error && !alive.expired()) ask();
    });
}

void MasterFinder::ask() {
    timer_.cancel();
    asking_ = true;
    exchange_ =
        std::make_unique<Exchange>(io_, options_.sentinels[current_], options_.sentinel_link, options_.sentinel_login,
                                   std::vector<std::string>{"SENTINEL", "get-master-addr-by-name", options_.group},
                                   options_.answer_timeout, [this](const Result<resp::Reply>& answer) { on_address(answer); });
}

void MasterFinder::on_address(const Result<resp::Reply>& answer) {
    if (!answer) return next_sentinel(answer.error().message());
    const std::string sentinel = net::to_text(options_.sentinels[current_]);
    if (answer->kind != resp::Reply::Kind::array || answer->items.size() != 2)
        return next_sentinel(fmt::format("sentinel {} does not know the group {}", sentinel, options_.group));
    const auto address = address_of(answer->items[0].text, answer->items[1].text);
    if (!address) return next_sentinel(fmt::format("sentinel {} gives no address of the group {}", sentinel, options_.group));
    verify(*address);
}

void MasterFinder::verify(const net::HostPort& address) {
    timer_.cancel();
    asking_ = true;
    // The exchange before may be the one that is calling.
    const auto before = std::exchange(exchange_, nullptr);
    exchange_ = std::make_unique<Exchange>(io_, address, options_.master_link, options_.master_login,
                                           std::vector<std::string>{"ROLE"}, options_.answer_timeout,
                                           [this, address](const Result<resp::Reply>& answer) { on_role(address, answer); });
}

void MasterFinder::on_role(const net::HostPort& address, const Result<resp::Reply>& answer) {
    if (!answer) return next_sentinel(answer.error().message());
    const bool master = !answer->items.empty() && answer->items.front().text == "master";
    if (master) return found(address);
    next_sentinel(fmt::format("{} is called the master of {} and says that it is none", net::to_text(address), options_.group));
}

void MasterFinder::found(const net::HostPort& address) {
    const bool is_new = master_ != address;
    failed_ = 0;
    rounds_ = 0;
    told_ = false;
    master_ = address;
    if (!listening_) listen();
    ask_in(options_.ask_again);
    // Nothing may follow: the user may end this.
    if (is_new) user_.on_master(address);
}

void MasterFinder::next_sentinel(std::string why) {
    current_ = (current_ + 1) % options_.sentinels.size();
    if (++failed_ < options_.sentinels.size()) return ask_in(Duration{});
    failed_ = 0;
    constexpr unsigned most_doublings = 16;
    const Duration longest =
        std::min(options_.backoff_longest, options_.backoff_first * (std::int64_t{1} << std::min(rounds_, most_doublings)));
    ++rounds_;
    // Many clients that lost one master must not come back as one.
    const double share = std::uniform_real_distribution<double>(0.5, 1)(chance_);
    ask_in(std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::nano>(share * static_cast<double>(longest.count()))));
    if (!std::exchange(told_, true)) user_.on_no_master(why);
}

void MasterFinder::listen() {
    listening_ = std::make_unique<Listening>(*this, options_.sentinels[current_]);
}

// What was switched between the answer and the subscription was not heard.
void MasterFinder::on_listening() {
    doubt();
}

void MasterFinder::on_message(std::string_view text) {
    constexpr std::size_t group_and_two_addresses = 5;
    const std::vector<std::string_view> words = split(text);
    if (words.size() != group_and_two_addresses || words[0] != options_.group) return;
    if (const auto address = address_of(words[3], words[4])) verify(*address);
}

void MasterFinder::on_listening_over() {
    listening_.reset();
    // The next answer opens another, at the sentinel that gave it.
    current_ = (current_ + 1) % options_.sentinels.size();
    if (!asking_) ask_in(rounds_ == 0 ? options_.backoff_first : options_.backoff_longest);
}

}  // namespace holdfast::redis
