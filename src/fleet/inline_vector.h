#pragma once
// A vector of at most N small values inside its owner, for paths that must not allocate.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

#include "base/assert.h"

namespace holdfast::fleet {

template <class T, std::size_t N>
class InlineVector {
    static_assert(std::is_trivially_copyable_v<T>, "only plain values");
    static_assert(N <= 255);

public:
    InlineVector() noexcept {}  // leaves the room as it is
    InlineVector(const InlineVector& other) noexcept { *this = other; }
    InlineVector& operator=(const InlineVector& other) noexcept {
        if (this == &other) return *this;
        size_ = other.size_;
        std::memcpy(bytes_, other.bytes_, size_ * sizeof(T));
        return *this;
    }
    ~InlineVector() = default;

    /// Adds a value; false (and nothing happens) when there is no room.
    bool push_back(const T& value) noexcept {
        if (size_ == N) return false;
        std::construct_at(data() + size_, value);
        ++size_;
        return true;
    }
    void clear() noexcept { size_ = 0; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] bool full() const noexcept { return size_ == N; }
    [[nodiscard]] static constexpr std::size_t capacity() noexcept { return N; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        HF_ASSERT(i < size_, "an index inside the vector");
        return data()[i];
    }
    [[nodiscard]] T& operator[](std::size_t i) noexcept {
        HF_ASSERT(i < size_, "an index inside the vector");
        return data()[i];
    }
    [[nodiscard]] const T* begin() const noexcept { return data(); }
    [[nodiscard]] const T* end() const noexcept { return data() + size_; }
    [[nodiscard]] T* begin() noexcept { return data(); }
    [[nodiscard]] T* end() noexcept { return data() + size_; }

private:
    // Raw bytes, so that an empty vector costs nothing to make; only the first size_ values live.
    [[nodiscard]] T* data() noexcept { return std::launder(reinterpret_cast<T*>(bytes_)); }
    [[nodiscard]] const T* data() const noexcept { return std::launder(reinterpret_cast<const T*>(bytes_)); }

    alignas(T) std::byte bytes_[N * sizeof(T)];
    std::uint8_t size_ = 0;
};

}  // namespace holdfast::fleet
