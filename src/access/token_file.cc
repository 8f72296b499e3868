#include "access/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "access/errors.h"

namespace holdfast::access {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::string_view secret_prefix = "hf_";
constexpr std::size_t max_file_size = max_tokens * (max_token_name_length + 80);

/// A file descriptor that closes itself.
class OpenFile {
public:
    explicit OpenFile(int fd) noexcept : fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

std::unexpected<Error> cannot(AccessErrc code, const std::filesystem::path& file, int error) {
    return fail(code, fmt::format("cannot {} {}: {}", code == AccessErrc::cannot_read ? "read" : "write", file.string(),
                                  std::strerror(error)));
}

std::string hex(const SecretHash& hash) {
    std::string out;
    for (const unsigned char byte : hash)
        out += fmt::format("{:02x}", byte);
    return out;
}

std::optional<SecretHash> parse_hash(std::string_view text) noexcept {
    SecretHash hash{};
    if (text.size() != 2 * hash.size()) return std::nullopt;
    const auto digit = [](char c) -> int {
        if (c >= '0' && c <= '9') return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const int high = digit(text[2 * i]);
        const int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        hash[i] = static_cast<unsigned char>(high * 16 + low);
    }
    return hash;
}

std::optional<StoredToken> parse_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    const auto scope = scope_from(line.substr(first + 1, second - first - 1));
    const auto hash = parse_hash(line.substr(second + 1));
    if (!valid_token_name(line.substr(0, first)) || !scope || !hash) return std::nullopt;
    return StoredToken{std::string(line.substr(0, first)), *scope, *hash};
}

Result<std::vector<StoredToken>> parse(std::string_view text, const std::filesystem::path& file) {
    std::vector<StoredToken> tokens;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        auto token = parse_line(line);
        if (!token) {
            return fail(AccessErrc::malformed,
                        fmt::format("{}:{}: this is no token; a line is: name scope hash", file.string(), number));
        }
        if (tokens.size() == max_tokens)
            return fail(AccessErrc::full, fmt::format("{} holds more than {} tokens", file.string(), max_tokens));
        tokens.push_back(std::move(*token));
    }
    return tokens;
}

/// Whoever changes the file holds this lock meanwhile, so that two changes at a time do not lose one.
class ChangeLock {
public:
    explicit ChangeLock(const std::filesystem::path& file)
        : lock_(::open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        held_ = lock_.get() >= 0 && ::flock(lock_.get(), LOCK_EX) == 0;
    }
    [[nodiscard]] bool held() const noexcept { return held_; }

private:
    OpenFile lock_;
    bool held_ = false;
};

/// Written beside and renamed into place, so that nobody ever reads half a file.
Result<> write_tokens(const std::filesystem::path& file, const std::vector<StoredToken>& tokens) {
    std::string text = "# Tokens of Holdfast's API: name, scope, hash of the secret. See: holdfast token --help\n";
    for (const StoredToken& token : tokens)
        text += fmt::format("{} {} {}\n", token.name, to_string(token.scope), hex(token.hash));
    const std::string beside = file.string() + ".new";
    ::unlink(beside.c_str());
    {
        const OpenFile open(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (open.get() < 0 || ::write(open.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(open.get()) != 0) {
            const int error = errno;
            ::unlink(beside.c_str());
            return cannot(AccessErrc::cannot_write, file, error);
        }
    }
    if (::rename(beside.c_str(), file.c_str()) != 0) return cannot(AccessErrc::cannot_write, file, errno);
    return {};
}

std::string base64url(std::span<const unsigned char> bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const unsigned char byte : bytes) {
        bits = (bits << 8) | byte;
        for (held += 8; held >= 6;) {
            held -= 6;
            out.push_back(alphabet[(bits >> held) & 63u]);
        }
    }
    if (held > 0) out.push_back(alphabet[(bits << (6 - held)) & 63u]);
    return out;
}

}  // namespace

SecretHash hash_secret(std::string_view secret) noexcept {
    SecretHash hash{};
    ::SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), hash.data());
    return hash;
}

bool valid_token_name(std::string_view name) noexcept {
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return !name.empty() && name.size() <= max_token_name_length && name.find_first_not_of(allowed) == std::string_view::npos;
}

Result<std::vector<StoredToken>> read_tokens(const std::filesystem::path& file) {
    const OpenFile open(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (open.get() < 0) {
        if (errno == ENOENT) return std::vector<StoredToken>();
        return cannot(AccessErrc::cannot_read, file, errno);
    }
    struct stat info{};
    if (::fstat(open.get(), &info) != 0) return cannot(AccessErrc::cannot_read, file, errno);
    if ((info.st_mode & 077) != 0) {
        return fail(AccessErrc::readable_by_others,
                    fmt::format("{} is open to others than its owner, so none of its tokens counts; chmod 600 it, and make its "
                                "tokens anew if others may have written it",
                                file.string()));
    }
    std::string text(max_file_size + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = ::read(open.get(), text.data() + size, text.size() - size);
        if (count < 0) return cannot(AccessErrc::cannot_read, file, errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > max_file_size) return fail(AccessErrc::full, fmt::format("{} is too large for a token file", file.string()));
    return parse(std::string_view(text).substr(0, size), file);
}

Result<std::string> create_token(const std::filesystem::path& file, std::string_view name, Scope scope) {
    if (!valid_token_name(name) || name == "admin") {
        return fail(AccessErrc::malformed,
                    fmt::format("'{}' cannot be a token's name: 1 to {} letters, digits, '-', '_' or '.', and not 'admin'",
                                name, max_token_name_length));
    }
    const ChangeLock lock(file);
    if (!lock.held()) return cannot(AccessErrc::cannot_write, file, errno);
    auto tokens = read_tokens(file);
    if (!tokens) return std::unexpected(std::move(tokens).error());
    if (std::ranges::find(*tokens, name, &StoredToken::name) != tokens->end())
        return fail(AccessErrc::exists, fmt::format("there is a token '{}' already; remove it first, or choose a name", name));
    if (tokens->size() >= max_tokens) return fail(AccessErrc::full, fmt::format("there are {} tokens already", max_tokens));
    std::array<unsigned char, secret_bytes> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        return fail(AccessErrc::cannot_write, "cannot make a token: the system has no randomness to give");
    std::string secret = std::string(secret_prefix) + base64url(bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    tokens->push_back({std::string(name), scope, hash_secret(secret)});
    if (auto written = write_tokens(file, *tokens); !written) return std::unexpected(std::move(written).error());
    return secret;
}

Result<> remove_token(const std::filesystem::path& file, std::string_view name) {
    const ChangeLock lock(file);
    if (!lock.held()) return cannot(AccessErrc::cannot_write, file, errno);
    auto tokens = read_tokens(file);
    if (!tokens) return std::unexpected(std::move(tokens).error());
    if (std::erase_if(*tokens, [name](const StoredToken& token) { return token.name == name; }) == 0)
        return fail(AccessErrc::not_found, fmt::format("there is no token '{}'", name));
    return write_tokens(file, *tokens);
}

}  // namespace holdfast::access
