#pragma once
// An MQTT client on a TCP socket: the mqtt::ClientSession machine, one socket and one timer. Light enough for ten thousand of
// them on one thread: reads go into a scratch buffer that all clients of a thread share, sends go out directly, and waiting
// costs no allocation.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "mqtt/client_session.h"
#include "net/address.h"
#include "net/tcp.h"

namespace holdfast::net {

struct MqttClientOptions {
    mqtt::ClientOptions session;
    /// For resolving the name and making the TCP connection, all addresses of the name together.
    Duration connect_timeout = std::chrono::seconds(10);
    /// How long after a DISCONNECT the server may take to close, before the socket is closed hard.
    Duration linger = std::chrono::seconds(1);
};

/// How one connection, or the try to make it, ended.
struct MqttClosed {
    enum class Stage : std::uint8_t {
        unreachable,  ///< no TCP connection came about
        refused,      ///< the server's CONNACK refused
        ended,        ///< after the connection was made; the Disconnected event told more
    };
    Stage stage = Stage::ended;
    std::string_view sentence;  ///< valid during the call
};

class MqttClient;

/// What a client's user hears. Calls come on the io_context's thread, never from inside a call to `open` or `publish`. Inside
/// each of them any method of the client may be called, and the client may be destroyed.
class MqttClientHandler {
public:
    /// The session's events. Its views are valid until the next call of the client.
    virtual void on_event(MqttClient& client, const mqtt::ClientEvent& event) = 0;
    /// Once for each `open` (unless `abandon` came first): the socket is closed, and `open` may be called again.
    virtual void on_closed(MqttClient& client, const MqttClosed& closed) = 0;

protected:
    ~MqttClientHandler() = default;
};

/// Threads: the io_context's one thread. Names are resolved on a thread of Asio's, so an io_context with the unsafe concurrency
/// hint may only open numeric addresses. The io_context and the handler must outlive the client.
class MqttClient {
public:
    MqttClient(IoContext& io, MqttClientOptions options, MqttClientHandler& handler);
    /// Closes hard, without a word to anybody.
    ~MqttClient();
    MqttClient(MqttClient&&) noexcept;
    MqttClient& operator=(MqttClient&&) = delete;

    /// Connects and says CONNECT. Only when closed.
    void open(const HostPort& address);
    void open(const Endpoint& endpoint);

    /// mqtt::ClientSession's commands.
    [[nodiscard]] Result<mqtt::PublishTicket> publish(const mqtt::PublishRequest& request);
    [[nodiscard]] Result<std::uint16_t> subscribe(std::span<const mqtt::Subscription> subscriptions);
    [[nodiscard]] Result<> ping();

    /// Says DISCONNECT and closes when the server has, or after `linger`; `on_closed` follows. While connecting it closes at
    /// once.
    void disconnect();
    /// Closes hard and without a callback; the server finds a broken connection. `open` may be called again.
    void abandon();

    [[nodiscard]] bool is_closed() const noexcept;
    [[nodiscard]] const mqtt::ClientSession& session() const noexcept;
    /// Changes what the next CONNECT says; only when closed.
    void set_connect(mqtt::Connect connect);
    /// The socket's own address; unspecified while there is no connection.
    [[nodiscard]] Endpoint local_endpoint() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::net
