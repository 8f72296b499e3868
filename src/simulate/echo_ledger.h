#pragma once
// Messages of one device on their way to somewhere and back: by number, with the time of their sending.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace holdfast::simulate {

class EchoLedger {
public:
    /// More than this on the way: the oldest is given up.
    static constexpr std::size_t capacity = 2048;

    /// False when the oldest had to be given up for it.
    bool sent(std::uint64_t number, Time now) {
        const bool room = entries_.size() < capacity;
        if (!room) entries_.erase(entries_.begin());
        entries_.push_back({number, now});
        return room;
    }

    /// How long it took; nothing for a number that is not on the way (a duplicate).
    [[nodiscard]] std::optional<Duration> back(std::uint64_t number, Time now) {
        // Nearly always the first.
        for (auto it = entries_.begin(); it != entries_.end(); ++it) {
            if (it->number != number) continue;
            const Duration took = now - it->at;
            entries_.erase(it);
            return took;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Entry {
        std::uint64_t number;
        Time at;
    };
    std::vector<Entry> entries_;
};

}  // namespace holdfast::simulate
