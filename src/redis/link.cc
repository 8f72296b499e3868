#include "redis/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/steady_time.h"
#include "redis/stream.h"
#include "resp/writer.h"

namespace holdfast::redis {
namespace {

namespace asio = boost::asio;

constexpr std::size_t read_size = std::size_t{8} * 1024;

LinkEnd end_of(const net::ErrorCode& error) noexcept {
    if (error == asio::error::connection_refused) return LinkEnd::refused;
    if (error == asio::error::timed_out) return LinkEnd::timed_out;
    return LinkEnd::unreachable;
}

std::string number_of(const net::Endpoint& endpoint) {
    const auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

std::string local_address(net::TcpSocket& socket) {
    net::ErrorCode error;
    const net::Endpoint local = socket.local_endpoint(error);
    return error ? std::string() : number_of(local);
}

}  // namespace

class RedisLink::Impl : public std::enable_shared_from_this<RedisLink::Impl> {
public:
    Impl(net::IoContext& io, LinkOptions options, RedisLinkUser& user)
        : io_(io),
          options_(std::move(options)),
          user_(&user),
          stream_(io),
          resolver_(io),
          timer_(io),
          replies_(options_.limits) {}

    void open(const net::HostPort& address);
    void send(std::span<const std::string> words);
    std::string remote_address();
    /// The user is gone, and with it the connection.
    void leave();

private:
    enum class Stage : std::uint8_t { fresh, opening, open, ended };

    void connect_next();
    void on_connected(const net::ErrorCode& error);
    void opened();
    void read();
    void take(std::string_view bytes);
    void write();
    void end(LinkEnd how, std::string why);
    void close();

    net::IoContext& io_;
    const LinkOptions options_;
    RedisLinkUser* user_;  ///< null: it has left
    Stage stage_ = Stage::fresh;
    Stream stream_;
    net::TcpResolver resolver_;
    net::Timer timer_;
    std::string host_;
    std::string where_;
    std::vector<net::Endpoint> candidates_;  ///< the next is at the back
    ReplyReader replies_;
    std::array<char, read_size> incoming_{};
    std::string sending_;
    std::string waiting_;
    bool writing_ = false;
};

void RedisLink::Impl::open(const net::HostPort& address) {
    HF_ASSERT(stage_ == Stage::fresh, "a link is opened once");
    stage_ = Stage::opening;
    host_ = address.host;
    where_ = net::to_text(address);
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(options_.connect_timeout));
    timer_.async_wait([self = shared_from_this()](const net::ErrorCode& error) {
        if (!error && self->stage_ == Stage::opening)
            self->end(LinkEnd::timed_out, fmt::format("no connection to {} in time", self->where_));
    });
    if (const auto endpoint = net::numeric_endpoint(address)) {
        candidates_.push_back(*endpoint);
        return connect_next();
    }
    resolver_.async_resolve(
        address.host, std::to_string(address.port), asio::ip::resolver_base::numeric_service,
        [self = shared_from_this()](const net::ErrorCode& error, const net::TcpResolver::results_type& results) {
            if (self->stage_ != Stage::opening) return;
            if (error || results.empty()) {
                return self->end(LinkEnd::unresolved,
                                 fmt::format("the name {} cannot be resolved: {}", self->host_, error.message()));
            }
            for (const auto& result : results)
                self->candidates_.push_back(result.endpoint());
            std::ranges::reverse(self->candidates_);
            self->connect_next();
        });
}

void RedisLink::Impl::connect_next() {
    const net::Endpoint endpoint = candidates_.back();
    candidates_.pop_back();
    net::TcpSocket& socket = stream_.socket();
    net::ErrorCode error;
    stream_.close();
    socket.open(endpoint.protocol(), error);
    if (!error) socket.set_option(asio::ip::tcp::no_delay(true), error);
    if (!error) socket.set_option(asio::socket_base::keep_alive(true), error);
    if (error) {
        asio::post(io_, [self = shared_from_this(), error] { self->on_connected(error); });
        return;
    }
    socket.async_connect(endpoint, [self = shared_from_this()](const net::ErrorCode& failed) { self->on_connected(failed); });
}

void RedisLink::Impl::on_connected(const net::ErrorCode& error) {
    if (stage_ != Stage::opening) return;
    if (error) {
        if (!candidates_.empty()) return connect_next();
        return end(end_of(error), fmt::format("no connection to {}: {}", where_, error.message()));
    }
    if (!options_.tls) return opened();
    stream_.start_tls(options_.tls, TlsSide::client, host_, [self = shared_from_this()](const net::ErrorCode& failed) {
        if (self->stage_ != Stage::opening) return;
        if (failed) return self->end(end_of(failed), fmt::format("no TLS with {}: {}", self->where_, failed.message()));
        self->opened();
    });
}

void RedisLink::Impl::opened() {
    stage_ = Stage::open;
    timer_.cancel();
    read();
    user_->on_open(local_address(stream_.socket()));
}

std::string RedisLink::Impl::remote_address() {
    net::ErrorCode error;
    const net::Endpoint remote = stream_.socket().remote_endpoint(error);
    return error ? std::string() : number_of(remote);
}

void RedisLink::Impl::read() {
    stream_.read_some(incoming_, [self = shared_from_this()](const net::ErrorCode& error, std::size_t size) {
        if (self->stage_ != Stage::open) return;
        if (error) return self->end(LinkEnd::ended, fmt::format("{} closed the connection: {}", self->where_, error.message()));
        self->take(std::string_view(self->incoming_.data(), size));
    });
}

void RedisLink::Impl::take(std::string_view bytes) {
    replies_.feed(bytes);
    while (stage_ == Stage::open) {
        auto reply = replies_.next();
        if (!reply) return end(LinkEnd::ended, fmt::format("{}: {}", where_, reply.error().message()));
        if (!*reply) return read();
        user_->on_reply(std::move(**reply));
    }
}

void RedisLink::Impl::send(std::span<const std::string> words) {
    if (stage_ != Stage::open) return;
    resp::append_command(waiting_, words);
    if (waiting_.size() > options_.max_unsent) {
        waiting_.clear();
        asio::post(io_, [self = shared_from_this()] {
            if (self->stage_ == Stage::open) self->end(LinkEnd::ended, fmt::format("{} reads nothing", self->where_));
        });
        return;
    }
    if (!writing_) write();
}

void RedisLink::Impl::write() {
    writing_ = true;
    sending_.clear();
    std::swap(sending_, waiting_);
    stream_.write(sending_, [self = shared_from_this()](const net::ErrorCode& error, std::size_t) {
        self->writing_ = false;
        if (self->stage_ != Stage::open) return;
        if (error) return self->end(LinkEnd::ended, fmt::format("{} closed the connection: {}", self->where_, error.message()));
        if (!self->waiting_.empty()) self->write();
    });
}

void RedisLink::Impl::end(LinkEnd how, std::string why) {
    close();
    if (user_ != nullptr) std::exchange(user_, nullptr)->on_end(how, why);
}

void RedisLink::Impl::leave() {
    user_ = nullptr;
    close();
}

void RedisLink::Impl::close() {
    stage_ = Stage::ended;
    timer_.cancel();
    resolver_.cancel();
    stream_.close();
}

RedisLink::RedisLink(net::IoContext& io, LinkOptions options, RedisLinkUser& user)
    : impl_(std::make_shared<Impl>(io, std::move(options), user)) {}
RedisLink::~RedisLink() {
    impl_->leave();
}
void RedisLink::open(const net::HostPort& address) {
    impl_->open(address);
}
void RedisLink::send(std::span<const std::string> words) {
    impl_->send(words);
}
std::string RedisLink::remote_address() const {
    return impl_->remote_address();
}

}  // namespace holdfast::redis
