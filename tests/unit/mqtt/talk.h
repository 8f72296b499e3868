#pragma once
// A client session in conversation with a server that is a script. Everything is written down, one line each:
//
//     > publish a qos1 id1 'x'      the client sent a packet
//     < puback id1                  the server sent a packet
//     ! acknowledged 1              the client gave an event
//     * 3s                          time passed until the client's timer
//     -                             the connection closed

#include <chrono>
#include <string>

#include "mqtt/client_session.h"

namespace holdfast::mqtt {

class Talk {
public:
    explicit Talk(ClientOptions options) : client(std::move(options)) {}

    /// The connection is up, and the client's first words are heard.
    void open();
    /// Opens, and accepts with this CONNACK.
    void open_and_accept(const Connack& connack = {});
    /// The server says something, in pieces of `piece_size` bytes.
    void say(const Packet& packet);
    void say_bytes(ByteView bytes);
    /// The connection is gone.
    void close();
    /// Time passes; the client's timers fire on their time.
    void pass(Duration duration);
    /// Writes down what the client has put into its outbox.
    void listen();
    void publish(std::string_view topic, std::string_view payload, QoS qos, bool retain = false);

    /// All lines since the last call.
    [[nodiscard]] std::string heard();
    void forget() { lines_.clear(); }

    ClientSession client;
    Time now{};
    std::size_t piece_size = 1'000'000;

private:
    void write(const std::string& line);
    void write_event(const ClientEvent& event);
    void deliver(ByteView piece);

    std::string lines_;
};

/// A client called "a".
[[nodiscard]] ClientOptions options_of(Version version, bool clean = true);
/// What it says first.
[[nodiscard]] std::string greeting(Version version, bool clean = true);

/// One packet in a few words.
[[nodiscard]] std::string spoken(const Packet& packet);
/// One event in a few words.
[[nodiscard]] std::string spoken(const ClientEvent& event);

}  // namespace holdfast::mqtt
