#pragma once
// Who a bearer token belongs to and what it allows: the admin token, and those of the token file, which is read again when it
// changes.
//
// Threads: one thread.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "access/token_file.h"

namespace holdfast::access {

/// Who shows a token that counts.
struct Bearer {
    std::string_view name;  ///< valid until the next call of `Tokens`
    Scope scope = Scope::read;
};

class Tokens {
public:
    /// `file` may be empty: then there is only the admin token. It need not exist.
    Tokens(std::string admin_token, std::filesystem::path file);

    /// Whose `offered` is; nothing for a token that is nobody's. Takes no longer for one that is almost right.
    [[nodiscard]] std::optional<Bearer> find(std::string_view offered);
    /// The same of an `Authorization` header or metadata value: "Bearer <token>".
    [[nodiscard]] std::optional<Bearer> find_authorization(std::string_view value);

    /// Why the token file does not count now; empty while it does, or does not exist.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

private:
    void read_again();

    /// What tells one content of the file from another.
    struct Stamp {
        std::int64_t seconds = -1;
        std::int64_t nanoseconds = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };

    std::string admin_token_;
    std::filesystem::path file_;
    Stamp stamp_;
    std::vector<StoredToken> tokens_;
    std::string trouble_;
};

}  // namespace holdfast::access
