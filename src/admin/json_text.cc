#include "admin/json_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "admin/http_message.h"
#include "admin/rfc3339.h"
#include "json_text/json_text.h"

namespace holdfast::admin {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool needs_escape(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// The well-formed character that `text` begins with, in bytes; 0 when there is none.
std::size_t character_size(std::string_view text) noexcept {
    for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
        if (text[0] == '\0' || is_plain_utf8(text.substr(0, size))) return size;
    }
    return 0;
}

void append_mended(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        if (size == 0) {
            out += "\xEF\xBF\xBD";
            text.remove_prefix(1);
        } else if (size == 1 && needs_escape(text[0])) {
            json_text::append_json_escaped(out, text.substr(0, 1));
            text.remove_prefix(1);
        } else {
            out += text.substr(0, size);
            text.remove_prefix(size);
        }
    }
}

void append_base64(std::string& out, std::string_view bytes) {
    std::size_t i = 0;
    const auto at = [&bytes](std::size_t index) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[index]));
    };
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        out += alphabet[group >> 18];
        out += alphabet[group >> 12 & 63];
        out += alphabet[group >> 6 & 63];
        out += alphabet[group & 63];
    }
    if (bytes.size() - i == 1) {
        const std::uint32_t group = at(i) << 16;
        out += alphabet[group >> 18];
        out += alphabet[group >> 12 & 63];
        out += "==";
    } else if (bytes.size() - i == 2) {
        const std::uint32_t group = at(i) << 16 | at(i + 1) << 8;
        out += alphabet[group >> 18];
        out += alphabet[group >> 12 & 63];
        out += alphabet[group >> 6 & 63];
        out += '=';
    }
}

}  // namespace

void JsonText::begin_value() {
    if (comma_) out_ += ',';
    comma_ = true;
}

void JsonText::open_object() {
    begin_value();
    out_ += '{';
    comma_ = false;
}

void JsonText::close_object() {
    out_ += '}';
    comma_ = true;
}

void JsonText::open_array() {
    begin_value();
    out_ += '[';
    comma_ = false;
}

void JsonText::close_array() {
    out_ += ']';
    comma_ = true;
}

JsonText& JsonText::key(std::string_view name) {
    begin_value();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    comma_ = false;
    return *this;
}

void JsonText::text(std::string_view value) {
    begin_value();
    out_ += '"';
    bool plain = true;
    for (const char c : value)
        plain = plain && !needs_escape(c) && static_cast<unsigned char>(c) < 0x80;
    if (plain) {
        out_ += value;
    } else {
        append_mended(out_, value);
    }
    out_ += '"';
}

void JsonText::number(std::uint64_t value) {
    begin_value();
    fmt::format_int text(value);
    out_.append(text.data(), text.size());
}

void JsonText::number(double value) {
    begin_value();
    out_ += std::isfinite(value) ? fmt::format("{}", value) : std::string("null");
}

void JsonText::boolean(bool value) {
    begin_value();
    out_ += value ? "true" : "false";
}

void JsonText::null() {
    begin_value();
    out_ += "null";
}

void JsonText::moment(WallTime value) {
    begin_value();
    out_ += '"';
    append_rfc3339(out_, value);
    out_ += '"';
}

void JsonText::base64(std::string_view bytes) {
    begin_value();
    out_ += '"';
    append_base64(out_, bytes);
    out_ += '"';
}

void JsonText::raw(std::string_view json) {
    begin_value();
    out_ += json;
}

void JsonText::text_or_null(std::string_view value) {
    if (value.empty()) {
        null();
    } else {
        text(value);
    }
}

void JsonText::moment_or_null(const std::optional<WallTime>& value) {
    if (value) {
        moment(*value);
    } else {
        null();
    }
}

std::string on_one_line(std::string_view json) {
    std::string out(json);
    // Within strings a line break is an escape, so every raw one is only space.
    for (char& c : out) {
        if (c == '\n' || c == '\r') c = ' ';
    }
    return out;
}

std::string to_base64(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 4 / 3 + 4);
    append_base64(out, bytes);
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    static const std::array<signed char, 256> values = [] {
        std::array<signed char, 256> table{};
        table.fill(-1);
        for (std::size_t i = 0; i < alphabet.size(); ++i)
            table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
        return table;
    }();
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    if (padding > 0 && text.size() % 4 != 0) return std::nullopt;
    text.remove_suffix(padding);
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const signed char value = values[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out.push_back(static_cast<char>(bits >> held & 0xFF));
        }
    }
    return out;
}

}  // namespace holdfast::admin
