#pragma once
// What a queue of ours takes before it says no.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace holdfast::queue {

struct QueueLimits {
    std::size_t max_messages = 200'000;          ///< that a topic holds until every group has acknowledged them
    std::size_t max_bytes = 256 * 1024 * 1024;   ///< of their keys and payloads
    std::size_t max_message_size = 1024 * 1024;  ///< bytes of one message's key and payload
    std::uint32_t max_deliveries = 16;           ///< given back after so many, a message is set aside
    std::size_t max_poison = 1000;               ///< messages set aside that are kept to be shown; older ones go
};

[[nodiscard]] std::unexpected<Error> too_large(std::string_view topic, std::size_t size, const QueueLimits& limits);
[[nodiscard]] std::unexpected<Error> full(std::string_view topic, std::size_t messages);

}  // namespace holdfast::queue
