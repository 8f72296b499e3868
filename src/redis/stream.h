#pragma once
// A connected socket to read from and write to, in the clear or by TLS.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/tcp.h"
#include "redis/tls.h"

namespace holdfast::redis {

/// Threads: the io_context's one thread. Handlers are never called from inside the call that takes them; they must keep the
/// stream alive.
class Stream {
public:
    using Done = std::function<void(const net::ErrorCode&)>;
    using Transferred = std::function<void(const net::ErrorCode&, std::size_t)>;

    static constexpr Duration handshake_limit = std::chrono::seconds(5);

    explicit Stream(net::IoContext& io);
    explicit Stream(net::TcpSocket socket);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    [[nodiscard]] net::TcpSocket& socket() noexcept { return socket_; }

    /// What follows goes by TLS. `host`: the name that a client asks for; the certificate must only be signed by the
    /// authorities, as in Redis. Who does not say what TLS asks for within `handshake_limit` is left: timed_out.
    void start_tls(const TlsContext& context, TlsSide side, const std::string& host, Done done);
    /// One at a time.
    void read_some(std::span<char> into, Transferred done);
    /// All of it; one at a time.
    void write(std::string_view bytes, Transferred done);
    /// Hard; what waits ends with an error.
    void close() noexcept;

private:
    struct Tls;
    net::TcpSocket socket_;
    std::shared_ptr<Tls> tls_;
};

}  // namespace holdfast::redis
