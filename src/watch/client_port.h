#pragma once
// Where clients of a sentinel connect: its listeners, in the clear and by TLS, and who is let in.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/tcp.h"
#include "redis/tls.h"
#include "runtime/log.h"
#include "sentinel/server_options.h"
#include "watch/access_list.h"
#include "watch/clients.h"
#include "watch/request_desk.h"

namespace holdfast::watch {

struct PortCounts {
    std::uint64_t received = 0;
    std::uint64_t rejected = 0;
};

/// Threads: the io_context's one thread.
class ClientPort final : public ClientUser {
public:
    ClientPort(net::IoContext& io, const sentinel::ServerOptions& options, const AccessList& users, Clients& clients,
               RequestDesk& desk, std::function<Time()> now);
    ~ClientPort();
    ClientPort(const ClientPort&) = delete;
    ClientPort& operator=(const ClientPort&) = delete;

    /// Listens on `port` (0: not in the clear) and the port for TLS. Errors: those of net::open_listener; bad_tls;
    /// cannot_listen.
    [[nodiscard]] Result<> open(std::uint16_t port);
    /// No new clients, and an end to those who are there.
    void close();

    /// The ports that it listens on; of use when 0 was asked for.
    [[nodiscard]] const PortCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] const ClientTraffic& traffic() const noexcept { return traffic_; }

private:
    struct Listener;

    [[nodiscard]] Result<> listen(std::uint16_t port, const redis::TlsContext& tls);
    [[nodiscard]] Result<> listen_at(const std::string& bind, std::uint16_t port, const redis::TlsContext& tls);
    void accept(const std::shared_ptr<Listener>& listener);
    void welcome(net::TcpSocket socket, const redis::TlsContext& tls);
    void refuse(net::TcpSocket& socket, bool tls, std::string_view why);
    void keep_alive(net::TcpSocket& socket) const;
    void end_idle();

    void on_request(Client& client, const resp::Words& words) override;
    void on_gone(Client& client, std::string_view why) override;

    net::IoContext& io_;
    const sentinel::ServerOptions options_;
    const AccessList& users_;
    Clients& clients_;
    RequestDesk& desk_;
    std::function<Time()> now_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    net::Timer idle_timer_;
    net::Timer accept_timer_;
    ClientId last_id_ = 0;
    PortCounts counts_;
    ClientTraffic traffic_;
    log::RepeatLimit refusals_;
};

}  // namespace holdfast::watch
