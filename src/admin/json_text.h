#pragma once
// JSON written straight into text, for answers that are made thousands of times a second: no tree in between.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace holdfast::admin {

/// Writes one JSON value after the other, with the commas between them. The caller closes what it opens. Text must be UTF-8:
/// each byte that is not is written as U+FFFD.
class JsonText {
public:
    explicit JsonText(std::string& out) noexcept : out_(out) {}

    void open_object();
    void close_object();
    void open_array();
    void close_array();

    /// A member's name; its value follows. `name` must need no escapes.
    JsonText& key(std::string_view name);
    void text(std::string_view value);
    void number(std::uint64_t value);
    void number(double value);
    void boolean(bool value);
    void null();
    void moment(WallTime value);
    void base64(std::string_view bytes);
    /// What is JSON already.
    void raw(std::string_view json);

    // --- null for nothing ---
    void text_or_null(std::string_view value);
    void moment_or_null(const std::optional<WallTime>& value);

private:
    void begin_value();

    std::string& out_;
    bool comma_ = false;
};

/// The same JSON without line breaks outside of strings.
[[nodiscard]] std::string on_one_line(std::string_view json);

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing for what is not well-formed base64 (RFC 4648, with or without padding).
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace holdfast::admin
