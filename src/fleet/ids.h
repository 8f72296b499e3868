#pragma once
// The short names by which the fleet model speaks of clusters, nodes and connections inside one process. Indexes are dense,
// handed out in the order things appear and never given to something else while the process lives, so they may be kept in
// traces and facts. They mean nothing outside the process: records and the API use names (fleet/records.h).

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace holdfast::fleet {

/// A dense index of one kind. The default value is none, which is no index at all.
template <class Tag, class Int>
class Index {
public:
    using Value = Int;

    constexpr Index() noexcept = default;
    constexpr explicit Index(Int value) noexcept : value_(value) {}

    [[nodiscard]] static constexpr Index none() noexcept { return Index(); }
    [[nodiscard]] constexpr bool valid() const noexcept { return value_ != std::numeric_limits<Int>::max(); }
    [[nodiscard]] constexpr Int value() const noexcept { return value_; }

    friend constexpr auto operator<=>(Index, Index) noexcept = default;

private:
    Int value_ = std::numeric_limits<Int>::max();
};

/// Index into `Topology::clusters`.
using ClusterIndex = Index<struct ClusterTag, std::uint16_t>;
/// Index into `Topology::nodes`.
using NodeIndex = Index<struct NodeTag, std::uint32_t>;

/// One downstream connection for as long as the process lives: the data-plane thread that owns it, and a number never used
/// again there.
class ConnectionId {
public:
    static constexpr unsigned sequence_bits = 48;

    constexpr ConnectionId() noexcept = default;
    constexpr explicit ConnectionId(std::uint64_t value) noexcept : value_(value) {}

    /// `thread` is the data-plane thread's index; `sequence` counts from 1 on that thread and stays below 2^48.
    [[nodiscard]] static constexpr ConnectionId make(std::uint16_t thread, std::uint64_t sequence) noexcept {
        return ConnectionId((std::uint64_t{thread} << sequence_bits) | (sequence & ((std::uint64_t{1} << sequence_bits) - 1)));
    }

    [[nodiscard]] constexpr bool valid() const noexcept { return value_ != 0; }
    [[nodiscard]] constexpr std::uint16_t thread() const noexcept {
        return static_cast<std::uint16_t>(value_ >> sequence_bits);
    }
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

    friend constexpr auto operator<=>(ConnectionId, ConnectionId) noexcept = default;

private:
    std::uint64_t value_ = 0;
};

/// One paced piece of work of an operator (fleet/relocation.h).
using JobId = Index<struct JobTag, std::uint32_t>;

}  // namespace holdfast::fleet

template <class Tag, class Int>
struct std::hash<holdfast::fleet::Index<Tag, Int>> {
    std::size_t operator()(holdfast::fleet::Index<Tag, Int> index) const noexcept {
        return static_cast<std::size_t>(index.value() * 0x9E3779B97F4A7C15ULL);
    }
};

template <>
struct std::hash<holdfast::fleet::ConnectionId> {
    std::size_t operator()(holdfast::fleet::ConnectionId id) const noexcept {
        const std::uint64_t mixed = id.value() * 0x9E3779B97F4A7C15ULL;
        return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }
};
