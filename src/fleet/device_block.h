#pragma once
// The blocks of the device table (fleet/device_table.h) and the pool that keeps replaced ones until no view can see them. Only
// the device table includes this.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "fleet/device_table.h"

namespace holdfast::fleet::detail {

constexpr unsigned branch_bits = 4;
constexpr std::size_t branch_ways = std::size_t{1} << branch_bits;
constexpr unsigned last_level = 64 / branch_bits;  // below it a hash has no more digits
constexpr std::size_t leaf_capacity = 48;          // devices; more split the leaf
constexpr std::size_t bottom_leaf_capacity = 128;  // where it can no longer be split
constexpr std::size_t max_extra_length = 0x7FFF;

/// The child of a branch at `level` (0 at the root) where `hash` belongs: its digits from the top, so that order is hash order.
[[nodiscard]] constexpr std::size_t digit(std::uint64_t hash, unsigned level) noexcept {
    return static_cast<std::size_t>(hash >> (64 - branch_bits * (level + 1))) & (branch_ways - 1);
}
[[nodiscard]] constexpr std::uint8_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint8_t>(hash);
}

/// What every block begins with.
struct DeviceBlock {
    std::uint64_t edit;   ///< in which it was made; only blocks of the present edit may be changed
    std::uint32_t bytes;  ///< whole size, this included
    bool is_branch;
    std::uint8_t unused;
    std::uint16_t count;  ///< leaf: devices; branch: children that are not null
};

struct DeviceBranch : DeviceBlock {
    DeviceBlock* children[branch_ways];
};

/// The part of a device that has a fixed size.
struct DeviceFixed {
    std::uint32_t text_at;  ///< of its id, from the start of the leaf's text; the extra follows the id
    std::uint16_t id_length;
    std::uint16_t extra_and_disabled;  ///< length of the extra; top bit: disabled
    ClusterIndex home;
    ClusterIndex explicit_cluster;
    NodeIndex explicit_node;
    NodeIndex sticky_node;
    Seconds enrolled_at;
    Seconds routed_at;
    Seconds connected_last;

    void set(const DeviceState& state) noexcept;
    [[nodiscard]] DeviceState state() const noexcept;
    [[nodiscard]] std::size_t extra_length() const noexcept { return extra_and_disabled & max_extra_length; }
};
static_assert(sizeof(DeviceFixed) == 32);

/// A leaf is: this head, `count` tag bytes (padded to 4), `count` fixed parts, the text. Devices are in the order of their
/// hashes.
struct DeviceLeaf : DeviceBlock {
    [[nodiscard]] static std::size_t fixed_offset(std::size_t count) noexcept {
        return sizeof(DeviceBlock) + ((count + 3) & ~std::size_t{3});
    }
    [[nodiscard]] static std::size_t text_offset(std::size_t count) noexcept {
        return fixed_offset(count) + count * sizeof(DeviceFixed);
    }

    [[nodiscard]] const std::uint8_t* tags() const noexcept {
        return reinterpret_cast<const std::uint8_t*>(this) + sizeof(DeviceBlock);
    }
    [[nodiscard]] std::uint8_t* tags() noexcept { return reinterpret_cast<std::uint8_t*>(this) + sizeof(DeviceBlock); }
    [[nodiscard]] const DeviceFixed* fixed() const noexcept {
        return reinterpret_cast<const DeviceFixed*>(reinterpret_cast<const std::byte*>(this) + fixed_offset(count));
    }
    [[nodiscard]] DeviceFixed* fixed() noexcept {
        return reinterpret_cast<DeviceFixed*>(reinterpret_cast<std::byte*>(this) + fixed_offset(count));
    }
    [[nodiscard]] const char* text() const noexcept { return reinterpret_cast<const char*>(this) + text_offset(count); }
    [[nodiscard]] char* text() noexcept { return reinterpret_cast<char*>(this) + text_offset(count); }

    [[nodiscard]] std::string_view id(std::size_t i) const noexcept {
        return {text() + fixed()[i].text_at, fixed()[i].id_length};
    }
    [[nodiscard]] std::string_view extra(std::size_t i) const noexcept {
        return {text() + fixed()[i].text_at + fixed()[i].id_length, fixed()[i].extra_length()};
    }
    [[nodiscard]] DeviceView view(std::size_t i) const noexcept;
    /// The device's position; `count` when it is not here.
    [[nodiscard]] std::size_t position(std::string_view wanted, std::uint8_t tag) const noexcept;
};

/// Owns all blocks of a table: live ones through `root`, replaced ones until nobody can see them.
class DevicePool {
public:
    DevicePool() = default;
    ~DevicePool();
    DevicePool(const DevicePool&) = delete;
    DevicePool& operator=(const DevicePool&) = delete;

    [[nodiscard]] DeviceBlock* allocate(std::size_t bytes, std::uint64_t edit);
    /// Gives back a block that left the tree in `edit`: at once when it was made in it, else when no view sees it any more.
    void release(DeviceBlock* block, std::uint64_t edit);

    /// A new view of what stands at the end of `edit` exists; the flag becomes true when it is gone.
    [[nodiscard]] std::shared_ptr<std::atomic<bool>> pin(std::uint64_t edit);
    /// Frees what no view can see.
    void reclaim();

    /// The tree, for the end of all.
    void set_root(DeviceBlock* root) noexcept { root_ = root; }
    [[nodiscard]] DeviceTable::Memory memory() const noexcept { return {in_use_ + kept_, in_use_, kept_}; }

private:
    struct Live {
        std::uint64_t edit;
        std::shared_ptr<std::atomic<bool>> gone;
    };
    struct Retired {
        std::uint64_t edit;  // in which they were replaced: views of earlier edits may see them
        std::vector<DeviceBlock*> blocks;
    };
    static void free_block(DeviceBlock* block) noexcept;
    static void free_tree(DeviceBlock* block) noexcept;

    DeviceBlock* root_ = nullptr;
    std::deque<Live> live_;
    std::deque<Retired> retired_;
    std::size_t in_use_ = 0;
    std::size_t kept_ = 0;
};

/// What a view holds on to. Keeps the pool, and with it all blocks, beyond the table.
struct DevicePin {
    std::shared_ptr<DevicePool> pool;
    std::shared_ptr<std::atomic<bool>> gone;

    DevicePin(std::shared_ptr<DevicePool> p, std::shared_ptr<std::atomic<bool>> g) : pool(std::move(p)), gone(std::move(g)) {}
    // Everything that readers did happens before the writer sees the flag.
    ~DevicePin() { gone->store(true, std::memory_order_release); }
    DevicePin(const DevicePin&) = delete;
    DevicePin& operator=(const DevicePin&) = delete;
};

}  // namespace holdfast::fleet::detail
