#pragma once
// What a queue's file answers to people, on a connection of its own.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "queue/queue.h"
#include "storage/sqlite.h"

namespace holdfast::queue {

class QueueReads {
public:
    explicit QueueReads(storage::Database database) : database_(std::move(database)) {}

    [[nodiscard]] Result<std::vector<Poison>> poison(std::size_t limit);
    [[nodiscard]] Result<std::uint64_t> waiting();
    /// Set aside since the file was made.
    [[nodiscard]] Result<std::uint64_t> poisoned();

private:
    storage::Database database_;
};

}  // namespace holdfast::queue
