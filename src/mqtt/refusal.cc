#include "mqtt/refusal.h"

#include "mqtt/property_id.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt {

namespace {

constexpr Byte connack_first_byte = 0x20;
constexpr Byte disconnect_first_byte = 0xE0;

/// Writes the properties that a refusal or a server's DISCONNECT can have; empty texts are left out.
void write_properties(Writer& writer, std::string_view server_reference, std::string_view reason_string) {
    const auto size_of = [](std::string_view text) { return text.empty() ? 0 : 3 + text.size(); };
    writer.variable_integer(static_cast<std::uint32_t>(size_of(server_reference) + size_of(reason_string)));
    if (!server_reference.empty()) {
        writer.u8(static_cast<Byte>(PropertyId::server_reference));
        writer.text(server_reference);
    }
    if (!reason_string.empty()) {
        writer.u8(static_cast<Byte>(PropertyId::reason_string));
        writer.text(reason_string);
    }
}

/// Tries the fullest form first and takes the first that can be written and that the client takes.
template <class Write>
ByteBuffer fullest(ReasonCode code, const RefusalDetails& details, Write&& write) {
    const bool may_refer = code == ReasonCode::use_another_server || code == ReasonCode::server_moved;
    const std::string_view reference = may_refer ? details.server_reference : std::string_view{};
    const std::string_view reason = details.request_problem_information ? details.reason_string : std::string_view{};
    struct Form {
        std::string_view server_reference;
        std::string_view reason_string;
    };
    for (const Form& form : {Form{reference, reason}, Form{reference, {}}, Form{{}, {}}}) {
        // Longer texts than a field can hold must not even enter the sum of the properties' length.
        if (form.server_reference.size() > max_field_length || form.reason_string.size() > max_field_length) continue;
        ByteBuffer out;
        if (write(out, form.server_reference, form.reason_string) && out.size() <= details.maximum_packet_size) return out;
    }
    return {};
}

}  // namespace

std::string_view name(RefusalReason reason) noexcept {
    switch (reason) {
        case RefusalReason::unsupported_version:
            return "unsupported_version";
        case RefusalReason::malformed:
            return "malformed";
        case RefusalReason::protocol_error:
            return "protocol_error";
        case RefusalReason::identifier_rejected:
            return "identifier_rejected";
        case RefusalReason::bad_credentials:
            return "bad_credentials";
        case RefusalReason::not_authorized:
            return "not_authorized";
        case RefusalReason::unavailable:
            return "unavailable";
        case RefusalReason::busy:
            return "busy";
        case RefusalReason::banned:
            return "banned";
        case RefusalReason::shutting_down:
            return "shutting_down";
        case RefusalReason::bad_authentication_method:
            return "bad_authentication_method";
        case RefusalReason::too_large:
            return "too_large";
        case RefusalReason::quota_exceeded:
            return "quota_exceeded";
        case RefusalReason::use_another_server:
            return "use_another_server";
        case RefusalReason::server_moved:
            return "server_moved";
        case RefusalReason::rate_exceeded:
            return "rate_exceeded";
        case RefusalReason::unspecified:
            return "unspecified";
    }
    return "unknown";
}

ReasonCode reason_code_of(RefusalReason reason) noexcept {
    switch (reason) {
        case RefusalReason::unsupported_version:
            return ReasonCode::unsupported_protocol_version;
        case RefusalReason::malformed:
            return ReasonCode::malformed_packet;
        case RefusalReason::protocol_error:
            return ReasonCode::protocol_error;
        case RefusalReason::identifier_rejected:
            return ReasonCode::client_identifier_not_valid;
        case RefusalReason::bad_credentials:
            return ReasonCode::bad_user_name_or_password;
        case RefusalReason::not_authorized:
            return ReasonCode::not_authorized;
        case RefusalReason::unavailable:
            return ReasonCode::server_unavailable;
        case RefusalReason::busy:
            return ReasonCode::server_busy;
        case RefusalReason::banned:
            return ReasonCode::banned;
        // CONNACK has no "shutting down" (MQTT5 table 3-1).
        case RefusalReason::shutting_down:
            return ReasonCode::server_unavailable;
        case RefusalReason::bad_authentication_method:
            return ReasonCode::bad_authentication_method;
        case RefusalReason::too_large:
            return ReasonCode::packet_too_large;
        case RefusalReason::quota_exceeded:
            return ReasonCode::quota_exceeded;
        case RefusalReason::use_another_server:
            return ReasonCode::use_another_server;
        case RefusalReason::server_moved:
            return ReasonCode::server_moved;
        case RefusalReason::rate_exceeded:
            return ReasonCode::connection_rate_exceeded;
        case RefusalReason::unspecified:
            break;
    }
    return ReasonCode::unspecified_error;
}

std::optional<ConnectReturnCode> return_code_of(RefusalReason reason) noexcept {
    switch (reason) {
        case RefusalReason::unsupported_version:
            return ConnectReturnCode::unacceptable_protocol_version;
        case RefusalReason::identifier_rejected:
            return ConnectReturnCode::identifier_rejected;
        case RefusalReason::bad_credentials:
            return ConnectReturnCode::bad_user_name_or_password;
        case RefusalReason::not_authorized:
        case RefusalReason::banned:
        case RefusalReason::bad_authentication_method:
            return ConnectReturnCode::not_authorized;
        case RefusalReason::unavailable:
        case RefusalReason::busy:
        case RefusalReason::shutting_down:
        case RefusalReason::quota_exceeded:
        case RefusalReason::use_another_server:
        case RefusalReason::server_moved:
        case RefusalReason::rate_exceeded:
        case RefusalReason::unspecified:
            return ConnectReturnCode::server_unavailable;
        case RefusalReason::malformed:
        case RefusalReason::protocol_error:
        case RefusalReason::too_large:
            break;
    }
    return std::nullopt;
}

ByteBuffer refusal_for(Version version, RefusalReason reason, const RefusalDetails& details) {
    if (version != Version::v5) {
        const auto code = return_code_of(reason);
        if (!code) return {};
        return {connack_first_byte, 2, 0, static_cast<Byte>(*code)};
    }
    const ReasonCode code = reason_code_of(reason);
    return fullest(code, details, [code](ByteBuffer& out, std::string_view reference, std::string_view reason_string) {
        Writer writer(out, connack_first_byte);
        writer.u8(0);
        writer.u8(static_cast<Byte>(code));
        write_properties(writer, reference, reason_string);
        return writer.finish().has_value();
    });
}

ByteBuffer disconnect_for(Version version, ReasonCode reason, const RefusalDetails& details) {
    if (version != Version::v5) return {};
    return fullest(reason, details, [reason](ByteBuffer& out, std::string_view reference, std::string_view reason_string) {
        Writer writer(out, disconnect_first_byte);
        writer.u8(static_cast<Byte>(reason));
        // Without properties their length may be left out (MQTT5 3.14.2.2.1).
        if (!reference.empty() || !reason_string.empty()) write_properties(writer, reference, reason_string);
        return writer.finish().has_value();
    });
}

ByteBuffer client_disconnect(Version version, std::optional<std::uint32_t> session_expiry_s) {
    ByteBuffer out;
    Writer writer(out, disconnect_first_byte);
    if (version == Version::v5 && session_expiry_s) {
        writer.u8(static_cast<Byte>(ReasonCode::normal_disconnection));
        writer.u8(5);
        writer.u8(static_cast<Byte>(PropertyId::session_expiry_interval));
        writer.u32(*session_expiry_s);
    }
    static_cast<void>(writer.finish());  // Eight bytes at most: cannot fail.
    return out;
}

}  // namespace holdfast::mqtt
