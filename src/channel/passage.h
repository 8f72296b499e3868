#pragma once
// One request's way through the channel, from its delivery by the queue to its report.

#include <cstdint>
#include <vector>

#include "base/timer_wheel.h"
#include "command/channel_message.h"
#include "mqtt/client_session.h"

namespace holdfast::channel {

struct Lane;

struct Passage {
    enum class Stage : std::uint8_t {
        waiting,    ///< for its node's session, or for room in it
        published,  ///< the node's PUBACK is due
        unclear,    ///< the same, and the centre has been told that it is not known what became of it
    };

    command::Request request = {};
    std::uint8_t mqtt_version = 0;  ///< the device's
    Stage stage = Stage::waiting;
    /// An earlier delivery may have been published by somebody else, so nothing is certain about it.
    bool redelivered = false;
    std::uint8_t moves = 0;  ///< how often it went after its device to another node
    Lane* lane = nullptr;
    mqtt::PublishTicket ticket = 0;
    /// To be acknowledged with the report; several when the queue repeats itself.
    std::vector<std::uint64_t> deliveries = {};

    struct Timer final : WheelTimer {
        explicit Timer(Passage& passage) noexcept : owner(passage) {}
        Passage& owner;
    };
    Timer timer{*this};
};

/// One attempt of one command.
struct PassageKey {
    command::CommandId id = {};
    std::uint16_t attempt = 0;
    friend bool operator==(const PassageKey&, const PassageKey&) = default;
};

struct PassageKeyHash {
    std::size_t operator()(const PassageKey& key) const noexcept {
        return std::hash<command::CommandId>{}(key.id) ^ (std::size_t{key.attempt} << 17U);
    }
};

}  // namespace holdfast::channel
