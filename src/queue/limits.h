#pragma once
// What a queue of ours takes before it says no.

#include <cstddef>
#include <cstdint>

namespace holdfast::queue {

struct QueueLimits {
    std::size_t max_messages = 200'000;          ///< that a topic holds until every group has acknowledged them
    std::size_t max_bytes = 256 * 1024 * 1024;   ///< of their keys and payloads
    std::size_t max_message_size = 1024 * 1024;  ///< bytes of one message's key and payload
    std::uint32_t max_deliveries = 16;           ///< given back after so many, a message is set aside
    std::size_t max_poison = 1000;               ///< messages set aside that are kept to be shown; older ones go
};

}  // namespace holdfast::queue
