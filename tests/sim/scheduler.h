#pragma once
// Simulated time: tasks in the order of their moments, and of their making when those are the same. Nothing else moves the
// clock, so a seed always gives the same history.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace holdfast::sim {

class Scheduler {
public:
    using Task = std::function<void()>;

    [[nodiscard]] Time now() const noexcept { return now_; }
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

    void at(Time when, Task task) {
        tasks_.push_back({std::max(when, now_), ++made_, std::move(task)});
        std::push_heap(tasks_.begin(), tasks_.end(), later);
    }
    void after(Duration wait, Task task) { at(now_ + wait, std::move(task)); }

    void run_until(Time end) {
        while (!tasks_.empty() && tasks_.front().when <= end) {
            std::pop_heap(tasks_.begin(), tasks_.end(), later);
            Entry entry = std::move(tasks_.back());
            tasks_.pop_back();
            now_ = entry.when;
            ++steps_;
            entry.task();
        }
        now_ = end;
    }

private:
    struct Entry {
        Time when;
        std::uint64_t number;
        Task task;
    };
    [[nodiscard]] static bool later(const Entry& a, const Entry& b) noexcept {
        return a.when != b.when ? a.when > b.when : a.number > b.number;
    }

    std::vector<Entry> tasks_;
    Time now_{std::chrono::hours(1)};
    std::uint64_t made_ = 0;
    std::uint64_t steps_ = 0;
};

}  // namespace holdfast::sim
