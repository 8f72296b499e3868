#pragma once
// Properties without copies: walks over a property block (MQTT5 2.2.2) and gives each property as a view. The views that the
// gateway takes of CONNECT and CONNACK, and the typed decoder of properties.h, stand on this.

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/property_id.h"
#include "mqtt/reader.h"

namespace holdfast::mqtt {

/// One property. Which members have a meaning follows from the wire type of `id`.
struct PropertyView {
    PropertyId id{};
    /// byte, two_bytes, four_bytes, variable_integer.
    std::uint32_t number = 0;
    /// text; the name of a text_pair; binary as raw bytes.
    std::string_view text;
    /// The value of a text_pair.
    std::string_view second;

    [[nodiscard]] ByteView binary() const noexcept { return as_bytes(text); }
};

/// Why a property block is not acceptable.
enum class PropertyFault : std::uint8_t {
    truncated,
    bad_variable_integer,
    bad_utf8,
    /// No such property, or not in this place: malformed (MQTT5 2.2.2.2).
    not_allowed_here,
    /// A property that may stand once stands twice: protocol error.
    duplicate,
    /// A value that the property does not allow: protocol error.
    out_of_range,
};

[[nodiscard]] Errc errc_for(PropertyFault fault) noexcept;
[[nodiscard]] PropertyFault property_fault(ReadFault fault) noexcept;
/// A sentence for a person.
[[nodiscard]] std::string_view sentence(PropertyFault fault) noexcept;

/// True when a property of one of the number types may have this value (MQTT5 2.2.2.2 and the property's own section).
[[nodiscard]] bool is_in_range(PropertyId id, std::uint32_t number) noexcept;

/// Reads the next property of a block and checks its value's range. `block` is at a property's identifier.
[[nodiscard]] std::expected<PropertyView, PropertyFault> read_property(Reader& block) noexcept;

/// A set of property identifiers.
class PropertySet {
public:
    constexpr PropertySet() noexcept = default;
    constexpr PropertySet(std::initializer_list<PropertyId> ids) noexcept {
        for (const PropertyId id : ids)
            add(id);
    }
    constexpr void add(PropertyId id) noexcept { bits_ |= bit(id); }
    [[nodiscard]] constexpr bool has(PropertyId id) const noexcept { return (bits_ & bit(id)) != 0; }

private:
    [[nodiscard]] static constexpr std::uint64_t bit(PropertyId id) noexcept {
        return std::uint64_t{1} << static_cast<unsigned>(id);
    }
    std::uint64_t bits_ = 0;
};

/// A property block that has been checked: walking over it cannot fail. Valid as long as the packet's bytes.
class PropertiesView {
public:
    class Iterator {
    public:
        explicit Iterator(ByteView rest) noexcept : rest_(rest) { advance(); }
        [[nodiscard]] const PropertyView& operator*() const noexcept { return current_; }
        [[nodiscard]] const PropertyView* operator->() const noexcept { return &current_; }
        Iterator& operator++() noexcept {
            advance();
            return *this;
        }
        [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept { return ended_; }

    private:
        void advance() noexcept;
        ByteView rest_;
        PropertyView current_;
        bool ended_ = false;
    };

    /// No properties.
    PropertiesView() noexcept = default;

    [[nodiscard]] Iterator begin() const noexcept { return Iterator(block_); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
    [[nodiscard]] bool empty() const noexcept { return block_.empty(); }
    /// The block's bytes without its length.
    [[nodiscard]] ByteView bytes() const noexcept { return block_; }
    /// The first property with this identifier.
    [[nodiscard]] std::optional<PropertyView> find(PropertyId id) const noexcept;

    /// Reads a block with its length in front and checks all of it: only properties of `allowed`, each once except User
    /// Property and those in `repeatable`. Advances `reader` on success.
    [[nodiscard]] static std::expected<PropertiesView, PropertyFault> read(Reader& reader, PropertySet allowed,
                                                                           PropertySet repeatable = {}) noexcept;

private:
    explicit PropertiesView(ByteView block) noexcept : block_(block) {}
    ByteView block_;
};

}  // namespace holdfast::mqtt
