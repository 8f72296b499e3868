#pragma once
// A server with one client's session, as small as the specification lets it be. It counts what it was given, so that tests can
// say what arrived how often.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mqtt/codec.h"
#include "mqtt/framer.h"

namespace holdfast::mqtt {

class ModelServer {
public:
    explicit ModelServer(Version version) : version_(version) {}

    void connection_opened();
    /// Takes bytes from the client; answers go to `output`.
    void receive(ByteView bytes);
    /// Publishes to the client, now or when it is back.
    void publish(const std::string& payload, QoS qos);
    /// Forgets the session while the client is away.
    void lose_session();

    ByteBuffer output;
    /// How often each payload was accepted from the client.
    std::map<std::string, int> accepted;
    /// Sends every answer twice.
    bool stutters = false;
    /// What the client did that no client may do; empty when all was right.
    std::string complaint;

private:
    struct Outgoing {
        Publish publish;
        bool received = false;
    };

    void handle(const Packet& packet);
    void handle(const Connect& packet);
    void handle(const Publish& packet);
    void handle(const Subscribe& packet);
    void take_ack(std::uint16_t packet_id, bool final);
    void send(const Packet& packet);
    void send_outgoing(const Outgoing& outgoing, bool again);

    Version version_;
    Framer framer_;
    bool connected_ = false;
    bool has_session_ = false;
    std::uint16_t last_packet_id_ = 0;
    std::set<std::uint16_t> exactly_once_;
    std::deque<Outgoing> outgoing_;
};

}  // namespace holdfast::mqtt
