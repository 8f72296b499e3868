#pragma once
// The requests of the last while: which centre wants the replies to a command, which device it is for, and what was reported
// about its newest attempt. Bounded; the oldest go first.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <variant>

#include "command/channel_message.h"

namespace holdfast::channel {

struct KnownRequest {
    std::string centre = {};
    std::string device = {};
    std::uint16_t attempt = 0;  ///< the newest
    /// What was said about the newest attempt; monostate: nothing yet.
    std::variant<std::monostate, command::NotSent, command::Sent, command::SendUnclear> outcome = {};
    std::uint16_t acknowledged = 0;  ///< the attempt that the device last said it has; 0: none
    std::uint16_t replied = 0;       ///< the attempt that the device last answered; 0: none
    std::uint16_t passed_on = 0;     ///< words of the device that went to the centre
};

class KnownRequests {
public:
    explicit KnownRequests(std::size_t capacity) : capacity_(capacity) {}

    /// Null for one that is not remembered. Valid until the next call of `remember`.
    [[nodiscard]] KnownRequest* find(command::CommandId id);
    /// The same, made if need be; a newer attempt than the one it knows replaces that.
    KnownRequest& remember(const command::Request& request);

    [[nodiscard]] std::size_t size() const noexcept { return requests_.size(); }

private:
    std::size_t capacity_;
    std::unordered_map<command::CommandId, KnownRequest> requests_;
    std::deque<command::CommandId> by_age_;
};

}  // namespace holdfast::channel
