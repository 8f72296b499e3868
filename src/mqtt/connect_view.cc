#include "mqtt/connect_view.h"

#include <algorithm>

#include "mqtt/fixed_header.h"
#include "mqtt/topic.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt {

namespace {

using Reason = ConnectFaultReason;
using Outcome = std::expected<void, Reason>;

constexpr Byte connect_first_byte = 0x10;
constexpr Byte bridge_bit = 0x80;
constexpr std::string_view name_of_v31 = "MQIsdp";
constexpr std::string_view name_of_others = "MQTT";
/// Bytes of the longest fixed header, protocol name and level: after so many, the version is readable or there is none.
constexpr std::size_t longest_way_to_level = 5 + 2 + 6 + 1;

constexpr PropertySet connect_properties{PropertyId::session_expiry_interval,      PropertyId::authentication_method,
                                         PropertyId::authentication_data,          PropertyId::request_problem_information,
                                         PropertyId::request_response_information, PropertyId::receive_maximum,
                                         PropertyId::topic_alias_maximum,          PropertyId::user_property,
                                         PropertyId::maximum_packet_size};
constexpr PropertySet will_properties{PropertyId::payload_format_indicator,
                                      PropertyId::message_expiry_interval,
                                      PropertyId::content_type,
                                      PropertyId::response_topic,
                                      PropertyId::correlation_data,
                                      PropertyId::will_delay_interval,
                                      PropertyId::user_property};

struct Flags {
    explicit constexpr Flags(Byte bits) noexcept : bits_(bits) {}
    [[nodiscard]] constexpr bool reserved() const noexcept { return (bits_ & 0x01) != 0; }
    [[nodiscard]] constexpr bool clean_start() const noexcept { return (bits_ & 0x02) != 0; }
    [[nodiscard]] constexpr bool will() const noexcept { return (bits_ & 0x04) != 0; }
    [[nodiscard]] constexpr unsigned will_qos() const noexcept { return (bits_ >> 3) & 0x03U; }
    [[nodiscard]] constexpr bool will_retain() const noexcept { return (bits_ & 0x20) != 0; }
    [[nodiscard]] constexpr bool password() const noexcept { return (bits_ & 0x40) != 0; }
    [[nodiscard]] constexpr bool username() const noexcept { return (bits_ & 0x80) != 0; }

private:
    Byte bits_;
};

Reason reason_of(ReadFault fault) {
    switch (fault) {
        case ReadFault::truncated:
            return Reason::truncated;
        case ReadFault::bad_utf8:
            return Reason::bad_utf8;
        case ReadFault::bad_variable_integer:
            break;
    }
    return Reason::bad_remaining_length;
}

Reason reason_of(PropertyFault fault) {
    switch (fault) {
        case PropertyFault::truncated:
        case PropertyFault::bad_variable_integer:
        case PropertyFault::not_allowed_here:
            return Reason::malformed_properties;
        case PropertyFault::bad_utf8:
            return Reason::bad_utf8;
        case PropertyFault::duplicate:
        case PropertyFault::out_of_range:
            break;
    }
    return Reason::bad_property_value;
}

/// The refusal that a fault deserves in v5, whose servers may always answer (MQTT5 4.13.1).
RefusalReason refusal_of(Reason reason) {
    switch (reason) {
        case Reason::too_large:
            return RefusalReason::too_large;
        case Reason::unsupported_version:
            return RefusalReason::unsupported_version;
        case Reason::empty_client_id:
            return RefusalReason::identifier_rejected;
        case Reason::bad_property_value:
            return RefusalReason::protocol_error;
        default:
            return RefusalReason::malformed;
    }
}

ConnectFault fault_of(Reason reason, std::optional<Version> version) {
    ConnectFault fault{reason, version, std::nullopt};
    if (version) {
        const RefusalReason refusal = refusal_of(reason);
        const bool has_answer = *version == Version::v5 || return_code_of(refusal).has_value();
        if (has_answer) fault.answer = ConnectAnswer{*version, refusal};
    }
    return fault;
}

/// The protocol level was readable and cannot be served.
ConnectFault unsupported(std::string_view protocol_name, Byte level) {
    const bool newer = protocol_name == name_of_others && (level & ~bridge_bit) > static_cast<Byte>(Version::v5);
    return {Reason::unsupported_version, std::nullopt,
            ConnectAnswer{newer ? Version::v5 : Version::v311, RefusalReason::unsupported_version}};
}

std::optional<Version> version_of(std::string_view protocol_name, Byte level) {
    switch (level & ~bridge_bit) {
        case 3:
            return protocol_name == name_of_v31 ? std::optional(Version::v31) : std::nullopt;
        case 4:
            return protocol_name == name_of_others ? std::optional(Version::v311) : std::nullopt;
        case 5:
            return protocol_name == name_of_others ? std::optional(Version::v5) : std::nullopt;
        default:
            return std::nullopt;
    }
}

/// Reads the version from as much of the body as there is: nothing yet, the version, or why there is none.
std::expected<std::optional<Version>, ConnectFault> peek_version(ByteView body) {
    const std::string_view text = as_text(body);
    if (text.size() < 2) return std::nullopt;
    const std::string_view protocol_name = body[0] != 0                       ? std::string_view{}
                                           : body[1] == name_of_others.size() ? name_of_others
                                           : body[1] == name_of_v31.size()    ? name_of_v31
                                                                              : std::string_view{};
    const std::string_view name_so_far = text.substr(2, protocol_name.size());
    if (protocol_name.empty() || !protocol_name.starts_with(name_so_far)) {
        return std::unexpected(fault_of(Reason::bad_protocol_name, std::nullopt));
    }
    if (text.size() < 2 + protocol_name.size() + 1) return std::nullopt;
    const Byte level = body[2 + protocol_name.size()];
    const auto version = version_of(protocol_name, level);
    if (!version) return std::unexpected(unsupported(protocol_name, level));
    return version;
}

/// Reads the fields behind the fixed header into a view.
class Parser {
public:
    Parser(ByteView packet, std::size_t header_size) noexcept
        : reader_(packet.subspan(header_size)), header_size_(header_size) {
        view_.size = static_cast<std::uint32_t>(packet.size());
    }

    /// The version as soon as it was read.
    [[nodiscard]] std::optional<Version> version() const noexcept { return version_; }
    [[nodiscard]] const ConnectView& view() const noexcept { return view_; }

    std::expected<void, ConnectFault> parse() noexcept {
        if (auto outcome = parse_version(); !outcome) return outcome;
        for (const auto step : {&Parser::parse_flags, &Parser::parse_properties, &Parser::parse_client_id, &Parser::parse_will,
                                &Parser::parse_credentials}) {
            if (const Outcome outcome = (this->*step)(); !outcome) return std::unexpected(fault_of(outcome.error(), version_));
        }
        if (!reader_.at_end()) return std::unexpected(fault_of(Reason::trailing_bytes, version_));
        return {};
    }

private:
    [[nodiscard]] std::uint32_t offset() const noexcept {
        return static_cast<std::uint32_t>(header_size_ + reader_.position());
    }

    template <class T, class Target>
    Outcome take(const Read<T>& read, Target& target) noexcept {
        if (!read) return std::unexpected(reason_of(read.error()));
        target = *read;
        return {};
    }

    std::expected<void, ConnectFault> parse_version() noexcept {
        Reader ahead = reader_;
        const auto version = peek_version(ahead.rest());
        if (!version) return std::unexpected(version.error());
        if (!*version) return std::unexpected(fault_of(Reason::truncated, std::nullopt));
        version_ = *version;
        view_.version = *version_;
        const std::size_t name_size = 2 + (*version_ == Version::v31 ? name_of_v31 : name_of_others).size();
        static_cast<void>(reader_.bytes(name_size));  // It is there: the level behind it was read.
        view_.level_offset = offset();
        view_.is_bridge = (*reader_.u8() & bridge_bit) != 0;
        return {};
    }

    Outcome parse_flags() noexcept {
        view_.flags_offset = offset();
        Byte bits = 0;
        if (auto outcome = take(reader_.u8(), bits); !outcome) return outcome;
        flags_ = Flags(bits);
        view_.clean_start = flags_.clean_start();
        // 3.1 calls bit 0 unused and says nothing about the will's flags without a will.
        const bool strict = view_.version != Version::v31;
        if (strict && flags_.reserved()) return std::unexpected(Reason::reserved_flag);
        if (flags_.will() && flags_.will_qos() == 3) return std::unexpected(Reason::bad_will_flags);
        if (strict && !flags_.will() && (flags_.will_qos() != 0 || flags_.will_retain()))
            return std::unexpected(Reason::bad_will_flags);
        if (view_.version != Version::v5 && flags_.password() && !flags_.username()) {
            return std::unexpected(Reason::password_without_username);
        }
        view_.keep_alive_offset = offset();
        return take(reader_.u16(), view_.keep_alive);
    }

    Outcome parse_properties() noexcept {
        if (view_.version != Version::v5) {
            view_.session_expiry = view_.clean_start ? 0 : session_never_expires;
            return {};
        }
        const auto properties = PropertiesView::read(reader_, connect_properties);
        if (!properties) return std::unexpected(reason_of(properties.error()));
        view_.properties = *properties;
        for (const PropertyView& property : *properties)
            note(property);
        if (view_.authentication_data && !view_.authentication_method) return std::unexpected(Reason::bad_property_value);
        return {};
    }

    void note(const PropertyView& property) noexcept {
        switch (property.id) {
            case PropertyId::session_expiry_interval:
                view_.session_expiry = property.number;
                break;
            case PropertyId::receive_maximum:
                view_.receive_maximum = static_cast<std::uint16_t>(property.number);
                break;
            case PropertyId::maximum_packet_size:
                view_.maximum_packet_size = property.number;
                break;
            case PropertyId::topic_alias_maximum:
                view_.topic_alias_maximum = static_cast<std::uint16_t>(property.number);
                break;
            case PropertyId::request_response_information:
                view_.request_response_information = property.number != 0;
                break;
            case PropertyId::request_problem_information:
                view_.request_problem_information = property.number != 0;
                break;
            case PropertyId::authentication_method:
                view_.authentication_method = property.text;
                break;
            case PropertyId::authentication_data:
                view_.authentication_data = property.binary();
                break;
            default:
                break;
        }
    }

    Outcome parse_client_id() noexcept {
        if (auto outcome = take(reader_.text(), view_.client_id); !outcome) return outcome;
        view_.client_id_offset = offset() - static_cast<std::uint32_t>(view_.client_id.size());
        const bool may_be_empty = view_.version == Version::v5 || (view_.version == Version::v311 && view_.clean_start);
        if (view_.client_id.empty() && !may_be_empty) return std::unexpected(Reason::empty_client_id);
        return {};
    }

    Outcome parse_will() noexcept {
        if (!flags_.will()) return {};
        WillView will;
        will.qos = static_cast<QoS>(flags_.will_qos());
        will.retain = flags_.will_retain();
        if (view_.version == Version::v5) {
            const auto properties = PropertiesView::read(reader_, will_properties);
            if (!properties) return std::unexpected(reason_of(properties.error()));
            will.properties = *properties;
        }
        if (auto outcome = take(reader_.text(), will.topic); !outcome) return outcome;
        if (!is_topic_name(will.topic)) return std::unexpected(Reason::bad_will_topic);
        if (auto outcome = take(reader_.binary(), will.payload); !outcome) return outcome;
        view_.will = will;
        return {};
    }

    Outcome parse_credentials() noexcept {
        // MQTT 3.1 lets the remaining length win over the flags: an announced user name or password may be missing at the end.
        const bool may_be_missing = view_.version == Version::v31;
        if (flags_.username() && !(may_be_missing && reader_.at_end())) {
            if (auto outcome = take(reader_.text(), view_.username); !outcome) return outcome;
        }
        if (flags_.password() && !(may_be_missing && reader_.at_end())) {
            if (auto outcome = take(reader_.binary(), view_.password); !outcome) return outcome;
        }
        return {};
    }

    Reader reader_;
    std::size_t header_size_;
    std::optional<Version> version_;
    Flags flags_{0};
    ConnectView view_;
};

}  // namespace

std::string_view name(ConnectFaultReason reason) noexcept {
    switch (reason) {
        case Reason::not_a_connect:
            return "not_a_connect";
        case Reason::bad_remaining_length:
            return "bad_remaining_length";
        case Reason::too_large:
            return "too_large";
        case Reason::truncated:
            return "truncated";
        case Reason::trailing_bytes:
            return "trailing_bytes";
        case Reason::bad_protocol_name:
            return "bad_protocol_name";
        case Reason::unsupported_version:
            return "unsupported_version";
        case Reason::reserved_flag:
            return "reserved_flag";
        case Reason::bad_will_flags:
            return "bad_will_flags";
        case Reason::password_without_username:
            return "password_without_username";
        case Reason::bad_utf8:
            return "bad_utf8";
        case Reason::empty_client_id:
            return "empty_client_id";
        case Reason::bad_will_topic:
            return "bad_will_topic";
        case Reason::malformed_properties:
            return "malformed_properties";
        case Reason::bad_property_value:
            return "bad_property_value";
    }
    return "unknown";
}

std::string_view ConnectFault::sentence() const noexcept {
    switch (reason) {
        case Reason::not_a_connect:
            return "The first packet is not a CONNECT; this port speaks MQTT.";
        case Reason::bad_remaining_length:
            return "The length of the CONNECT is not a right variable byte integer.";
        case Reason::too_large:
            return "The CONNECT is larger than allowed here.";
        case Reason::truncated:
            return "A field of the CONNECT runs past the end of the packet.";
        case Reason::trailing_bytes:
            return "The CONNECT has bytes after its last field.";
        case Reason::bad_protocol_name:
            return "The protocol name in the CONNECT is neither \"MQTT\" nor \"MQIsdp\".";
        case Reason::unsupported_version:
            return "The protocol level in the CONNECT is none of MQTT 3.1, 3.1.1 and 5.";
        case Reason::reserved_flag:
            return "The reserved flag of the CONNECT is set.";
        case Reason::bad_will_flags:
            return "The will flags of the CONNECT contradict each other.";
        case Reason::password_without_username:
            return "The CONNECT has a password but no user name, which MQTT 3 does not allow.";
        case Reason::bad_utf8:
            return "A text in the CONNECT is not well-formed UTF-8, or holds U+0000.";
        case Reason::empty_client_id:
            return "The client id is empty; MQTT 3.1.1 allows that with clean session only, MQTT 3.1 never.";
        case Reason::bad_will_topic:
            return "The will topic of the CONNECT is empty or holds a wildcard.";
        case Reason::malformed_properties:
            return "The CONNECT has a property that does not exist, does not belong there, or is cut off.";
        case Reason::bad_property_value:
            return "A property of the CONNECT stands twice, is out of range, or lacks one that it needs.";
    }
    return "The CONNECT is not acceptable.";
}

ByteBuffer ConnectFault::answer_bytes() const {
    if (!answer) return {};
    return refusal_for(answer->version, answer->reason);
}

std::expected<ConnectPeek, ConnectFault> peek_connect(ByteView so_far, std::size_t max_size) noexcept {
    if (so_far.empty()) return ConnectPeek{};
    if (so_far[0] != connect_first_byte) return std::unexpected(fault_of(Reason::not_a_connect, std::nullopt));
    const FixedHeader header = read_fixed_header(so_far);
    if (header.state == FixedHeader::State::bad) return std::unexpected(fault_of(Reason::bad_remaining_length, std::nullopt));
    if (header.state == FixedHeader::State::partial) return ConnectPeek{};
    const std::size_t size = header.packet_size();
    const ByteView packet = so_far.first(std::min(size, so_far.size()));
    const auto version = peek_version(packet.subspan(header.size));
    if (!version) return std::unexpected(version.error());
    if (size > max_size) {
        const bool settled = version->has_value() || packet.size() == size || packet.size() >= longest_way_to_level;
        if (settled) return std::unexpected(fault_of(Reason::too_large, *version));
        return ConnectPeek{};
    }
    return ConnectPeek{packet.size() == size, size, *version};
}

std::expected<ConnectView, ConnectFault> parse_connect(ByteView packet) noexcept {
    if (packet.empty() || packet[0] != connect_first_byte)
        return std::unexpected(fault_of(Reason::not_a_connect, std::nullopt));
    const FixedHeader header = read_fixed_header(packet);
    if (header.state == FixedHeader::State::bad) return std::unexpected(fault_of(Reason::bad_remaining_length, std::nullopt));
    if (header.state == FixedHeader::State::partial || header.packet_size() > packet.size()) {
        return std::unexpected(fault_of(Reason::truncated, std::nullopt));
    }
    if (header.packet_size() < packet.size()) return std::unexpected(fault_of(Reason::trailing_bytes, std::nullopt));
    Parser parser(packet, header.size);
    if (const auto outcome = parser.parse(); !outcome) return std::unexpected(outcome.error());
    const bool is_shortest = std::size_t{header.size} == 1 + variable_integer_size(header.length);
    if (parser.version() == Version::v5 && !is_shortest) {
        return std::unexpected(fault_of(Reason::bad_remaining_length, Version::v5));
    }
    return parser.view();
}

}  // namespace holdfast::mqtt
