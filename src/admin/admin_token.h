#pragma once
// The admin token: the one secret that opens the API. Made once, kept in a file only its owner can read, never logged.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::admin {

enum class TokenErrc : std::uint16_t { cannot_read, cannot_write, malformed, readable_by_others };
[[nodiscard]] const ErrorCategory& error_category(TokenErrc) noexcept;

/// A token held in memory. Has no printer on purpose.
class AdminToken {
public:
    explicit AdminToken(std::string text) noexcept;

    /// Compares in a time that depends on the length of `offered` only.
    [[nodiscard]] bool matches(std::string_view offered) const noexcept;

    /// For writing it to its file, and for a client that shows it to the API.
    [[nodiscard]] const std::string& reveal() const noexcept { return text_; }

private:
    std::string text_;
};

/// Reads `file`; when there is none, makes a token (32 random bytes, base64url) and writes it with mode 0600. A file that
/// others than its owner may read is an error: whoever could read it might hold the token already.
[[nodiscard]] Result<AdminToken> load_or_make_token(const std::filesystem::path& file);

/// Reads a token from `file`, for clients. The same checks, but makes nothing.
[[nodiscard]] Result<AdminToken> load_token(const std::filesystem::path& file);

}  // namespace holdfast::admin
