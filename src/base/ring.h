#pragma once
// A bounded history: keeps the newest `capacity` values and forgets the oldest. Allocates as it grows, never beyond its
// capacity.

#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace holdfast {

template <class T>
class Ring {
public:
    /// `capacity` > 0.
    explicit Ring(std::size_t capacity) : capacity_(capacity) { HF_ASSERT(capacity > 0, "a ring needs room for one value"); }

    /// Adds a value; when full, the oldest makes room.
    void push(T value) {
        if (values_.size() < capacity_) {
            values_.push_back(std::move(value));
            return;
        }
        values_[first_] = std::move(value);
        first_ = (first_ + 1) % capacity_;
    }

    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }

    /// The i-th value, 0 being the oldest kept. Valid until the next push.
    [[nodiscard]] const T& operator[](std::size_t i) const { return values_[(first_ + i) % values_.size()]; }
    [[nodiscard]] T& operator[](std::size_t i) { return values_[(first_ + i) % values_.size()]; }

private:
    std::size_t capacity_;
    std::size_t first_ = 0;
    std::vector<T> values_;
};

}  // namespace holdfast
