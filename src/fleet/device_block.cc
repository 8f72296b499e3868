#include "fleet/device_block.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

namespace holdfast::fleet::detail {

namespace {
constexpr std::uint16_t disabled_bit = 0x8000;
constexpr std::size_t many_live_views = 16;
}  // namespace

static_assert(std::is_trivially_copyable_v<DeviceFixed> && std::is_trivially_copyable_v<DeviceBranch>);

void DeviceFixed::set(const DeviceState& state) noexcept {
    extra_and_disabled = static_cast<std::uint16_t>(extra_length() | (state.disabled ? disabled_bit : 0U));
    home = state.home;
    explicit_cluster = state.explicit_cluster;
    explicit_node = state.explicit_node;
    sticky_node = state.sticky_node;
    enrolled_at = state.enrolled_at;
    routed_at = state.routed_at;
    connected_last = state.connected_last;
}

DeviceState DeviceFixed::state() const noexcept {
    return {.home = home,
            .explicit_cluster = explicit_cluster,
            .explicit_node = explicit_node,
            .sticky_node = sticky_node,
            .enrolled_at = enrolled_at,
            .routed_at = routed_at,
            .connected_last = connected_last,
            .disabled = (extra_and_disabled & disabled_bit) != 0};
}

DeviceView DeviceLeaf::view(std::size_t i) const noexcept {
    DeviceView view;
    static_cast<DeviceState&>(view) = fixed()[i].state();
    view.id = id(i);
    view.extra = extra(i);
    return view;
}

std::size_t DeviceLeaf::position(std::string_view wanted, std::uint8_t tag) const noexcept {
    const std::uint8_t* all = tags();
    for (std::size_t i = 0; i < count; ++i)
        if (all[i] == tag && id(i) == wanted) return i;
    return count;
}

DevicePool::~DevicePool() {
    for (const Retired& retired : retired_)
        for (DeviceBlock* block : retired.blocks)
            free_block(block);
    free_tree(root_);
}

void DevicePool::free_block(DeviceBlock* block) noexcept {
    ::operator delete(block);
}

void DevicePool::free_tree(DeviceBlock* block) noexcept {
    if (block == nullptr) return;
    if (block->is_branch)
        for (DeviceBlock* child : static_cast<DeviceBranch*>(block)->children)
            free_tree(child);
    free_block(block);
}

DeviceBlock* DevicePool::allocate(std::size_t bytes, std::uint64_t edit) {
    auto* block = static_cast<DeviceBlock*>(::operator new(bytes));
    block->edit = edit;
    block->bytes = static_cast<std::uint32_t>(bytes);
    block->unused = 0;
    in_use_ += bytes;
    return block;
}

void DevicePool::release(DeviceBlock* block, std::uint64_t edit) {
    in_use_ -= block->bytes;
    if (block->edit == edit) {
        free_block(block);
        return;
    }
    kept_ += block->bytes;
    if (retired_.empty() || retired_.back().edit != edit) retired_.push_back({edit, {}});
    retired_.back().blocks.push_back(block);
}

std::shared_ptr<std::atomic<bool>> DevicePool::pin(std::uint64_t edit) {
    live_.push_back({edit, std::make_shared<std::atomic<bool>>(false)});
    return live_.back().gone;
}

void DevicePool::reclaim() {
    const auto gone = [](const Live& live) { return live.gone->load(std::memory_order_acquire); };
    while (!live_.empty() && gone(live_.front()))
        live_.pop_front();
    if (live_.size() > many_live_views) std::erase_if(live_, gone);
    while (!retired_.empty() && (live_.empty() || live_.front().edit >= retired_.front().edit)) {
        for (DeviceBlock* block : retired_.front().blocks) {
            kept_ -= block->bytes;
            free_block(block);
        }
        retired_.pop_front();
    }
}

}  // namespace holdfast::fleet::detail
