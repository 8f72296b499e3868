#include "watch/client_port.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <utility>

#include "net/address.h"
#include "net/listen.h"

namespace holdfast::watch {
namespace {

namespace asio = boost::asio;

constexpr std::string_view part = "sentinel";
constexpr auto idle_period = std::chrono::seconds(1);

std::string text_of(const net::Endpoint& endpoint) {
    return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

bool is_loopback(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    return address.is_loopback();
}

redis::TlsSettings server_settings(const sentinel::TlsOptions& options) {
    redis::TlsSettings settings;
    settings.side = redis::TlsSide::server;
    settings.verify = options.auth_clients == "no"         ? redis::TlsVerify::none
                      : options.auth_clients == "optional" ? redis::TlsVerify::if_given
                                                           : redis::TlsVerify::required;
    settings.cert_file = options.cert_file;
    settings.key_file = options.key_file;
    settings.key_file_pass = options.key_file_pass;
    settings.ca_cert_file = options.ca_cert_file;
    settings.ca_cert_dir = options.ca_cert_dir;
    settings.dh_params_file = options.dh_params_file;
    settings.protocols = options.protocols;
    settings.ciphers = options.ciphers;
    settings.ciphersuites = options.ciphersuites;
    settings.prefer_server_ciphers = options.prefer_server_ciphers;
    return settings;
}

}  // namespace

struct ClientPort::Listener {
    Listener(net::TcpAcceptor taken, redis::TlsContext context) : acceptor(std::move(taken)), tls(std::move(context)) {}
    net::TcpAcceptor acceptor;
    redis::TlsContext tls;
};

ClientPort::ClientPort(net::IoContext& io, const sentinel::ServerOptions& options, const AccessList& users, Clients& clients,
                       RequestDesk& desk, std::function<Time()> now)
    : io_(io),
      options_(options),
      users_(users),
      clients_(clients),
      desk_(desk),
      now_(std::move(now)),
      idle_timer_(io),
      accept_timer_(io) {}

ClientPort::~ClientPort() {
    close();
}

Result<> ClientPort::open(std::uint16_t port) {
    if (port != 0) {
        if (auto done = listen(port, nullptr); !done) return done;
    }
    if (options_.tls.port != 0) {
        auto tls = redis::make_tls_context(server_settings(options_.tls));
        if (!tls) return std::unexpected(std::move(tls).error());
        if (auto done = listen(options_.tls.port, *tls); !done) return done;
    }
    if (options_.idle_timeout.count() > 0) end_idle();
    return {};
}

Result<> ClientPort::listen(std::uint16_t port, const redis::TlsContext& tls) {
    const std::size_t before = listeners_.size();
    for (const std::string& bind : options_.bind) {
        const bool may_be_missing = bind.starts_with('-');
        auto done = listen_at(may_be_missing ? bind.substr(1) : bind, port, tls);
        if (!done && !may_be_missing) return done;
    }
    if (listeners_.size() > before) return {};
    return fail(WatchErrc::cannot_listen, fmt::format("port {}: none of the addresses of `bind` can be listened on", port));
}

Result<> ClientPort::listen_at(const std::string& bind, std::uint16_t port, const redis::TlsContext& tls) {
    std::string host = bind;
    if (bind == "*") host = "0.0.0.0";
    if (bind == "::*") host = "::";
    const auto endpoint = net::numeric_endpoint({host, port});
    if (!endpoint) return fail(WatchErrc::cannot_listen, fmt::format("'{}' is no address to listen on (bind)", bind));
    auto acceptor = net::open_listener(io_, *endpoint, {.backlog = static_cast<int>(options_.tcp_backlog)}, "the sentinel",
                                       tls ? "tls-port" : "port");
    if (!acceptor) return std::unexpected(std::move(acceptor).error());
    listeners_.push_back(std::make_shared<Listener>(std::move(*acceptor), tls));
    accept(listeners_.back());
    return {};
}

void ClientPort::accept(const std::shared_ptr<Listener>& listener) {
    listener->acceptor.async_accept([this, listener](const net::ErrorCode& error, net::TcpSocket socket) {
        if (error == asio::error::operation_aborted || !listener->acceptor.is_open()) return;
        if (!error) welcome(std::move(socket), listener->tls);
        if (error != asio::error::no_descriptors) return accept(listener);
        // Nobody can be let in until somebody goes.
        refusals_.write(now_(), log::Level::error, part,
                        "no file descriptor is left for another client; raise the limit (ulimit -n)");
        accept_timer_.expires_after(idle_period);
        accept_timer_.async_wait([this, listener](const net::ErrorCode& ended) {
            if (!ended) accept(listener);
        });
    });
}

void ClientPort::welcome(net::TcpSocket socket, const redis::TlsContext& tls) {
    ++counts_.received;
    net::ErrorCode error;
    const net::Endpoint there = socket.remote_endpoint(error);
    if (error) return;
    const net::Endpoint here = socket.local_endpoint(error);
    if (clients_.size() >= options_.max_clients)
        return refuse(socket, tls != nullptr, "-ERR max number of clients reached\r\n");
    const AccessUser& strangers = *users_.find("default");
    const bool open_to_all = strangers.enabled && strangers.any_password;
    const bool loopback = is_loopback(there.address());
    if (options_.protected_mode && open_to_all && !loopback) {
        return refuse(
            socket, tls != nullptr,
            "-DENIED This sentinel is in protected mode and asks for no password, so only clients on its own machine are "
            "let in. Set requirepass, or set protected-mode no where every machine that reaches this port is "
            "trusted.\r\n");
    }
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    keep_alive(socket);
    const Time now = now_();
    ClientFacts facts;
    facts.id = ++last_id_;
    facts.address = text_of(there);
    facts.local = text_of(here);
    facts.loopback = loopback;
    facts.user = open_to_all ? "default" : "";
    facts.since = facts.active = now;
    const auto client = std::make_shared<Client>(std::move(socket), std::move(facts), traffic_, *this);
    if (!open_to_all) client->set_limits(resp::RequestLimits::before_authentication());
    clients_.add(client);
    client->start(tls);
}

void ClientPort::refuse(net::TcpSocket& socket, bool tls, std::string_view why) {
    ++counts_.rejected;
    net::ErrorCode ignored;
    socket.non_blocking(true, ignored);
    // Who speaks TLS could not read it. A socket that is new has room for a line.
    if (!tls && ::send(socket.native_handle(), why.data(), why.size(), MSG_NOSIGNAL) < 0) return;
}

void ClientPort::keep_alive(net::TcpSocket& socket) const {
    const auto seconds = static_cast<int>(options_.tcp_keepalive.count());
    if (seconds <= 0) return;
    net::ErrorCode ignored;
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const int descriptor = socket.native_handle();
    const int between = std::max(1, seconds / 3);
    const int tries = 3;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
}

void ClientPort::end_idle() {
    idle_timer_.expires_after(idle_period);
    idle_timer_.async_wait([this](const net::ErrorCode& error) {
        if (error) return;
        const Time now = now_();
        for (const auto& [id, client] : clients_.all()) {
            const ClientFacts& facts = client->facts();
            // Subscribers wait for what others say.
            const bool waits = !facts.channels.empty() || !facts.patterns.empty();
            if (!waits && now - facts.active > options_.idle_timeout) client->end("it was idle for too long");
        }
        end_idle();
    });
}

void ClientPort::close() {
    idle_timer_.cancel();
    accept_timer_.cancel();
    for (const auto& listener : listeners_) {
        net::ErrorCode ignored;
        listener->acceptor.close(ignored);
    }
    listeners_.clear();
    while (clients_.size() > 0) {
        const std::shared_ptr<Client> client = clients_.all().begin()->second;
        client->leave();
        clients_.remove(*client);
    }
}

void ClientPort::on_request(Client& client, const resp::Words& words) {
    desk_.handle(client, words);
}

void ClientPort::on_gone(Client& client, std::string_view why) {
    log::debug(part, "client {} is gone: {}", client.facts().address, why);
    clients_.remove(client);
}

}  // namespace holdfast::watch
