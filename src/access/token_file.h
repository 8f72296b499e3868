#pragma once
// The file of additional tokens: a line per token, `name scope hash`, readable by its owner only. The hash is the SHA-256 of
// the secret as hexadecimal digits; the secrets are random and long, so nothing slower is needed. Nobody can get a secret back.

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "base/result.h"

namespace holdfast::access {

/// In the data directory.
constexpr std::string_view token_file_name = "tokens";
constexpr std::size_t max_tokens = 1000;
constexpr std::size_t max_token_name_length = 64;

using SecretHash = std::array<unsigned char, 32>;

struct StoredToken {
    std::string name = {};
    Scope scope = Scope::read;
    SecretHash hash = {};
};

[[nodiscard]] SecretHash hash_secret(std::string_view secret) noexcept;
/// 1 to 64 letters, digits, '-', '_' and '.'.
[[nodiscard]] bool valid_token_name(std::string_view name) noexcept;

/// All tokens of the file; none when there is no file.
[[nodiscard]] Result<std::vector<StoredToken>> read_tokens(const std::filesystem::path& file);
/// Makes a token and answers its secret, which is nowhere else from then on.
[[nodiscard]] Result<std::string> create_token(const std::filesystem::path& file, std::string_view name, Scope scope);
[[nodiscard]] Result<> remove_token(const std::filesystem::path& file, std::string_view name);

}  // namespace holdfast::access
