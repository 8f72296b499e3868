#include "admin/admin_token.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace holdfast::admin {
namespace {

constexpr std::size_t random_bytes = 32;
constexpr std::size_t min_token_length = 20;
constexpr std::size_t max_token_length = 512;

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 4> names = {"cannot_read", "cannot_write", "malformed", "readable_by_others"};
    return code < names.size() ? names[code] : "unknown";
}

std::string base64url(const std::array<unsigned char, random_bytes>& bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const unsigned char byte : bytes) {
        bits = (bits << 8) | byte;
        held += 8;
        while (held >= 6) {
            held -= 6;
            out.push_back(alphabet[(bits >> held) & 63u]);
        }
    }
    if (held > 0) out.push_back(alphabet[(bits << (6 - held)) & 63u]);
    return out;
}

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

bool is_token_character(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '~';
}

Result<AdminToken> read_open_file(const OpenFile& open, const std::filesystem::path& file) {
    struct stat info{};
    if (::fstat(open.get(), &info) != 0) {
        return fail(TokenErrc::cannot_read, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
    }
    if ((info.st_mode & 077) != 0) {
        return fail(
            TokenErrc::readable_by_others,
            fmt::format("{} can be read by others than its owner; delete it and start again, so that a new token is made",
                        file.string()));
    }
    std::array<char, max_token_length + 2> text{};
    const ssize_t count = ::read(open.get(), text.data(), text.size());
    if (count < 0) return fail(TokenErrc::cannot_read, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
    std::string token(text.data(), static_cast<std::size_t>(count));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
        token.pop_back();
    bool well_formed = token.size() >= min_token_length && token.size() <= max_token_length;
    for (const char c : token)
        well_formed = well_formed && is_token_character(c);
    if (!well_formed) {
        return fail(TokenErrc::malformed,
                    fmt::format("{} does not hold a token ({} to {} letters, digits, '-' or '_'); delete it and start again",
                                file.string(), min_token_length, max_token_length));
    }
    return AdminToken(std::move(token));
}

Result<AdminToken> make_token(const std::filesystem::path& file) {
    std::array<unsigned char, random_bytes> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return fail(TokenErrc::cannot_write, "cannot make an admin token: the system has no randomness to give");
    }
    AdminToken token(base64url(bytes));
    OPENSSL_cleanse(bytes.data(), bytes.size());
    // Written beside and linked into place, so that nobody ever reads half a token and a token made meanwhile is not lost.
    const std::string beside = fmt::format("{}.{}.new", file.string(), ::getpid());
    ::unlink(beside.c_str());
    {
        const OpenFile open(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        const std::string line = token.reveal() + "\n";
        if (open.get() < 0 || ::write(open.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
            ::fsync(open.get()) != 0) {
            const int error = errno;
            ::unlink(beside.c_str());
            return fail(TokenErrc::cannot_write, fmt::format("cannot write {}: {}", file.string(), std::strerror(error)));
        }
    }
    const int linked = ::link(beside.c_str(), file.c_str());
    const int error = errno;
    ::unlink(beside.c_str());
    if (linked == 0) return token;
    if (error == EEXIST) return load_token(file);
    return fail(TokenErrc::cannot_write, fmt::format("cannot write {}: {}", file.string(), std::strerror(error)));
}

}  // namespace

const ErrorCategory& error_category(TokenErrc) noexcept {
    static const ErrorCategory category("admin_token", code_name);
    return category;
}

AdminToken::AdminToken(std::string text) noexcept : text_(std::move(text)) {}

bool AdminToken::matches(std::string_view offered) const noexcept {
    return offered.size() == text_.size() && CRYPTO_memcmp(offered.data(), text_.data(), text_.size()) == 0;
}

Result<AdminToken> load_token(const std::filesystem::path& file) {
    const OpenFile open(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (open.get() < 0)
        return fail(TokenErrc::cannot_read, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
    return read_open_file(open, file);
}

Result<AdminToken> load_or_make_token(const std::filesystem::path& file) {
    const OpenFile open(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (open.get() >= 0) return read_open_file(open, file);
    if (errno == ENOENT) return make_token(file);
    return fail(TokenErrc::cannot_read, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
}

}  // namespace holdfast::admin
