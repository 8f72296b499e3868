#pragma once
// Expected errors as values. A function that can fail for a reason outside the program returns `Result<T>`; the error carries
// its module's category, a code that programs compare, and a sentence that a person can act on. Bugs are assertions
// (base/assert.h).

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace holdfast {

/// Names a module's error codes. One static instance per module; compared by address.
class ErrorCategory {
public:
    using Namer = std::string_view (*)(std::uint16_t code);

    constexpr ErrorCategory(std::string_view name, Namer namer) noexcept : name_(name), namer_(namer) {}
    ErrorCategory(const ErrorCategory&) = delete;
    ErrorCategory& operator=(const ErrorCategory&) = delete;

    /// The module's name, e.g. "mqtt". Lives as long as the program.
    [[nodiscard]] constexpr std::string_view name() const noexcept { return name_; }
    /// The code's stable name, e.g. "malformed_packet". Lives as long as the program.
    [[nodiscard]] std::string_view code_name(std::uint16_t code) const noexcept { return namer_(code); }

private:
    std::string_view name_;
    Namer namer_;
};

/// One expected error. A module makes its enum usable here by declaring
/// `const ErrorCategory& error_category(MyErrc) noexcept;` beside the enum (found by argument-dependent lookup).
class [[nodiscard]] Error {
public:
    template <class Errc>
        requires std::is_enum_v<Errc>
    Error(Errc code, std::string message)
        : category_(&error_category(code)), code_(static_cast<std::uint16_t>(code)), message_(std::move(message)) {}

    [[nodiscard]] const ErrorCategory& category() const noexcept { return *category_; }
    /// The sentence for a person: what went wrong, with what, and where it helps, what to do.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    [[nodiscard]] std::string_view code_name() const noexcept { return category_->code_name(code_); }

    /// True when this error is exactly `code` of its module.
    template <class Errc>
        requires std::is_enum_v<Errc>
    [[nodiscard]] bool is(Errc code) const noexcept {
        return category_ == &error_category(code) && code_ == static_cast<std::uint16_t>(code);
    }

    /// The same error with words in front, e.g. "settings.toml: " + message.
    [[nodiscard]] Error with_prefix(std::string_view prefix) && {
        message_.insert(0, prefix);
        return std::move(*this);
    }

private:
    const ErrorCategory* category_;
    std::uint16_t code_;
    std::string message_;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// Shorthand: `return fail(Errc::x, "sentence")`.
template <class Errc>
    requires std::is_enum_v<Errc>
[[nodiscard]] std::unexpected<Error> fail(Errc code, std::string message) {
    return std::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace holdfast
