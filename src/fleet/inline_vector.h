#pragma once
// A vector of at most N small values inside its owner, for paths that must not allocate.

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/assert.h"

namespace holdfast::fleet {

template <class T, std::size_t N>
class InlineVector {
    static_assert(std::is_trivially_copyable_v<T>, "only plain values");
    static_assert(N <= 255);

public:
    /// Adds a value; false (and nothing happens) when there is no room.
    bool push_back(const T& value) noexcept {
        if (size_ == N) return false;
        values_[size_++] = value;
        return true;
    }
    void clear() noexcept { size_ = 0; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] bool full() const noexcept { return size_ == N; }
    [[nodiscard]] static constexpr std::size_t capacity() noexcept { return N; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        HF_ASSERT(i < size_, "an index inside the vector");
        return values_[i];
    }
    [[nodiscard]] T& operator[](std::size_t i) noexcept {
        HF_ASSERT(i < size_, "an index inside the vector");
        return values_[i];
    }
    [[nodiscard]] const T* begin() const noexcept { return values_.data(); }
    [[nodiscard]] const T* end() const noexcept { return values_.data() + size_; }
    [[nodiscard]] T* begin() noexcept { return values_.data(); }
    [[nodiscard]] T* end() noexcept { return values_.data() + size_; }

private:
    std::uint8_t size_ = 0;
    std::array<T, N> values_;  // only the first size_ have a value
};

}  // namespace holdfast::fleet
