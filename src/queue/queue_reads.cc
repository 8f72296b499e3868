#include "queue/queue_reads.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace holdfast::queue {

using storage::Statement;

Result<std::vector<Poison>> QueueReads::poison(std::size_t limit) {
    auto query =
        database_.prepare("SELECT topic, name, key, payload, times, set_aside_at FROM poison ORDER BY number LIMIT ?1");
    if (!query) return std::unexpected(std::move(query.error()));
    query->bind(1, static_cast<std::int64_t>(std::min<std::size_t>(limit, 100'000)));
    std::vector<Poison> found;
    for (;;) {
        const auto step = query->step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done) return found;
        found.push_back({.topic = std::string(query->text(0)),
                         .group = std::string(query->text(1)),
                         .key = std::string(query->text(2)),
                         .payload = std::string(query->text(3)),
                         .times = static_cast<std::uint32_t>(query->number(4)),
                         .set_aside_at = WallTime(std::chrono::milliseconds(query->number(5)))});
    }
}

Result<std::uint64_t> QueueReads::waiting() {
    const auto number =
        database_.number("SELECT coalesce(sum(most), 0) FROM (SELECT max(messages) AS most FROM groups GROUP BY topic)");
    if (!number) return std::unexpected(number.error());
    return static_cast<std::uint64_t>(*number);
}

Result<std::uint64_t> QueueReads::poisoned() {
    const auto number = database_.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'poison'");
    if (!number) return std::unexpected(number.error());
    return static_cast<std::uint64_t>(*number);
}

}  // namespace holdfast::queue
