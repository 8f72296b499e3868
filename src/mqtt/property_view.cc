#include "mqtt/property_view.h"

namespace holdfast::mqtt {

namespace {

using Outcome = std::expected<void, PropertyFault>;

template <class T, class Target>
Outcome take(const Read<T>& read, Target& target) {
    if (!read) return std::unexpected(property_fault(read.error()));
    target = *read;
    return {};
}

Outcome read_value(Reader& block, PropertyType type, PropertyView& property) {
    switch (type) {
        case PropertyType::byte:
            return take(block.u8(), property.number);
        case PropertyType::two_bytes:
            return take(block.u16(), property.number);
        case PropertyType::four_bytes:
            return take(block.u32(), property.number);
        case PropertyType::variable_integer:
            return take(block.variable_integer(), property.number);
        case PropertyType::text:
            return take(block.text(), property.text);
        case PropertyType::binary: {
            ByteView bytes;
            auto outcome = take(block.binary(), bytes);
            property.text = as_text(bytes);
            return outcome;
        }
        case PropertyType::text_pair:
            break;
    }
    if (auto outcome = take(block.text(), property.text); !outcome) return outcome;
    return take(block.text(), property.second);
}

bool is_acceptable(const PropertyView& property, PropertyType type) {
    if (property.id == PropertyId::response_topic) {
        return property.text.find_first_of("+#") == std::string_view::npos;  // [MQTT-3.3.2-14]
    }
    const bool is_number = type <= PropertyType::variable_integer;
    return !is_number || is_in_range(property.id, property.number);
}

}  // namespace

Errc errc_for(PropertyFault fault) noexcept {
    switch (fault) {
        case PropertyFault::truncated:
            return Errc::truncated;
        case PropertyFault::bad_utf8:
            return Errc::bad_utf8;
        case PropertyFault::bad_variable_integer:
        case PropertyFault::not_allowed_here:
            return Errc::malformed_packet;
        case PropertyFault::duplicate:
        case PropertyFault::out_of_range:
            return Errc::protocol_error;
    }
    return Errc::malformed_packet;
}

PropertyFault property_fault(ReadFault fault) noexcept {
    switch (fault) {
        case ReadFault::truncated:
            return PropertyFault::truncated;
        case ReadFault::bad_variable_integer:
            return PropertyFault::bad_variable_integer;
        case ReadFault::bad_utf8:
            break;
    }
    return PropertyFault::bad_utf8;
}

std::string_view sentence(PropertyFault fault) noexcept {
    switch (fault) {
        case PropertyFault::truncated:
            return "The properties end before their length says.";
        case PropertyFault::bad_variable_integer:
            return "A variable byte integer in the properties is not in its shortest form.";
        case PropertyFault::bad_utf8:
            return "A text in the properties is not well-formed UTF-8, or holds U+0000.";
        case PropertyFault::not_allowed_here:
            return "The packet has a property that does not exist or does not belong to it.";
        case PropertyFault::duplicate:
            return "A property that may stand once stands twice.";
        case PropertyFault::out_of_range:
            return "A property has a value that it must not have.";
    }
    return "The properties are not acceptable.";
}

bool is_in_range(PropertyId id, std::uint32_t number) noexcept {
    switch (id) {
        case PropertyId::payload_format_indicator:
        case PropertyId::request_problem_information:
        case PropertyId::request_response_information:
        case PropertyId::maximum_qos:
        case PropertyId::retain_available:
        case PropertyId::wildcard_subscription_available:
        case PropertyId::subscription_identifiers_available:
        case PropertyId::shared_subscription_available:
            return number <= 1;
        case PropertyId::receive_maximum:
        case PropertyId::maximum_packet_size:
        case PropertyId::topic_alias:  // [MQTT-3.3.2-8]
        case PropertyId::subscription_identifier:
            return number != 0;
        default:
            return true;
    }
}

std::expected<PropertyView, PropertyFault> read_property(Reader& block) noexcept {
    Reader ahead = block;
    const auto id = ahead.variable_integer();
    if (!id) return std::unexpected(property_fault(id.error()));
    const auto type = property_type(*id);
    if (!type) return std::unexpected(PropertyFault::not_allowed_here);
    PropertyView property{.id = static_cast<PropertyId>(*id), .number = 0, .text = {}, .second = {}};
    if (const auto outcome = read_value(ahead, *type, property); !outcome) return std::unexpected(outcome.error());
    if (!is_acceptable(property, *type)) return std::unexpected(PropertyFault::out_of_range);
    block = ahead;
    return property;
}

void PropertiesView::Iterator::advance() noexcept {
    Reader reader(rest_);
    const auto property = read_property(reader);
    ended_ = !property;
    if (ended_) return;
    current_ = *property;
    rest_ = rest_.subspan(reader.position());
}

std::optional<PropertyView> PropertiesView::find(PropertyId id) const noexcept {
    for (const PropertyView& property : *this) {
        if (property.id == id) return property;
    }
    return std::nullopt;
}

std::expected<PropertiesView, PropertyFault> PropertiesView::read(Reader& reader, PropertySet allowed,
                                                                  PropertySet repeatable) noexcept {
    Reader ahead = reader;
    const auto length = ahead.variable_integer();
    if (!length) return std::unexpected(property_fault(length.error()));
    const auto block = ahead.bytes(*length);
    if (!block) return std::unexpected(PropertyFault::truncated);
    Reader inside(*block);
    PropertySet seen;
    while (!inside.at_end()) {
        const auto property = read_property(inside);
        if (!property) return std::unexpected(property.error());
        if (!allowed.has(property->id)) return std::unexpected(PropertyFault::not_allowed_here);
        const bool may_repeat = property->id == PropertyId::user_property || repeatable.has(property->id);
        if (seen.has(property->id) && !may_repeat) return std::unexpected(PropertyFault::duplicate);
        seen.add(property->id);
    }
    reader = ahead;
    return PropertiesView(*block);
}

}  // namespace holdfast::mqtt
