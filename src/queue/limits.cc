#include "queue/limits.h"

#include <fmt/format.h>

#include "queue/queue.h"

namespace holdfast::queue {

std::unexpected<Error> too_large(std::string_view topic, std::size_t size, const QueueLimits& limits) {
    return fail(QueueErrc::too_large, fmt::format("a message of {} bytes for {} is larger than the {} the queue takes", size,
                                                  topic, limits.max_message_size));
}

std::unexpected<Error> full(std::string_view topic, std::size_t messages) {
    return fail(QueueErrc::full,
                fmt::format("the topic {} holds {} messages and takes no more until some of them have been dealt with", topic,
                            messages));
}

}  // namespace holdfast::queue
