#pragma once
// A small set of packet identifiers, kept sorted. Sessions hold few of them at a time, mostly added at the upper and taken from
// the lower end; an empty set owns no memory.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::mqtt {

class PacketIdSet {
public:
    [[nodiscard]] bool contains(std::uint16_t id) const noexcept;
    /// False when it was there already.
    bool insert(std::uint16_t id);
    /// False when it was not there.
    bool erase(std::uint16_t id) noexcept;
    void clear() noexcept { ids_.clear(); }
    [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }

private:
    std::vector<std::uint16_t> ids_;
};

}  // namespace holdfast::mqtt
