#include "access/tokens.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <utility>

#include "runtime/log.h"

namespace holdfast::access {

Tokens::Tokens(std::string admin_token, std::filesystem::path file)
    : admin_token_(std::move(admin_token)), file_(std::move(file)) {}

void Tokens::read_again() {
    Stamp stamp;
    struct stat info{};
    if (!file_.empty() && ::stat(file_.c_str(), &info) == 0) {
        // Its times of change, not of modification: a chmod counts too.
        stamp = {
            .seconds = info.st_ctim.tv_sec, .nanoseconds = info.st_ctim.tv_nsec, .inode = info.st_ino, .size = info.st_size};
    }
    if (stamp == stamp_) return;
    stamp_ = stamp;
    tokens_.clear();
    trouble_.clear();
    if (stamp == Stamp()) return;
    auto tokens = read_tokens(file_);
    if (tokens) {
        tokens_ = std::move(*tokens);
    } else {
        trouble_ = tokens.error().message();
        log::warning("access", "{}", trouble_);
    }
}

std::optional<Bearer> Tokens::find(std::string_view offered) {
    if (offered.size() == admin_token_.size() && !offered.empty() &&
        CRYPTO_memcmp(offered.data(), admin_token_.data(), offered.size()) == 0) {
        return Bearer{"admin", Scope::admin};
    }
    read_again();
    if (tokens_.empty()) return std::nullopt;
    const SecretHash hash = hash_secret(offered);
    for (const StoredToken& token : tokens_) {
        if (CRYPTO_memcmp(hash.data(), token.hash.data(), hash.size()) == 0) return Bearer{token.name, token.scope};
    }
    return std::nullopt;
}

std::optional<Bearer> Tokens::find_authorization(std::string_view value) {
    constexpr std::string_view scheme = "bearer ";
    if (value.size() <= scheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = value[i];
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower != scheme[i]) return std::nullopt;
    }
    value.remove_prefix(scheme.size());
    while (!value.empty() && value.front() == ' ')
        value.remove_prefix(1);
    return find(value);
}

}  // namespace holdfast::access
