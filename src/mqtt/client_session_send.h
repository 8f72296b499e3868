#pragma once
// How a session puts a packet into its outbox. For client_session*.cc only.

#include "base/assert.h"
#include "mqtt/client_session.h"
#include "mqtt/codec.h"

namespace holdfast::mqtt {

template <class Packet>
void ClientSession::send(const Packet& packet, Time now) {
    const auto encoded = encode(packet, version(), outbox_);
    HF_ASSERT(encoded.has_value(), "what a session says by itself can be encoded");
    last_sent_ = now;
}

}  // namespace holdfast::mqtt
