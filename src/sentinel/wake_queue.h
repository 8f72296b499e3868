#pragma once
// Which of many things has to be looked at next, and when.

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace holdfast::sentinel {

class WakeQueue {
public:
    /// Replaces what was set for `id`; Time::max(): not at all.
    void set(std::uint64_t id, Time when) {
        forget(id);
        if (when == Time::max()) return;
        times_.emplace(id, when);
        order_.emplace(when, id);
    }
    /// Not later than `when`.
    void hasten(std::uint64_t id, Time when) {
        const auto found = times_.find(id);
        if (found == times_.end() || found->second > when) set(id, when);
    }
    void forget(std::uint64_t id) {
        const auto found = times_.find(id);
        if (found == times_.end()) return;
        order_.erase({found->second, id});
        times_.erase(found);
    }
    [[nodiscard]] std::optional<Time> next() const {
        return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
    }
    /// The next that is due, which is taken out.
    [[nodiscard]] std::optional<std::uint64_t> take_due(Time now) {
        if (order_.empty() || order_.begin()->first > now) return std::nullopt;
        const std::uint64_t id = order_.begin()->second;
        forget(id);
        return id;
    }
    [[nodiscard]] std::size_t size() const noexcept { return times_.size(); }

private:
    std::set<std::pair<Time, std::uint64_t>> order_;
    std::unordered_map<std::uint64_t, Time> times_;
};

}  // namespace holdfast::sentinel
