#include "watch/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "watch/error.h"

namespace holdfast::watch {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
    [[nodiscard]] int number() const noexcept { return number_; }
    bool close() noexcept { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

std::string advice(int error) {
    switch (error) {
        case EBUSY:
            return "; the file itself is a mount, which cannot be replaced: mount the directory that it lies in instead";
        case EACCES:
        case EPERM:
            return "; let this user write the directory that the file lies in";
        case EROFS:
            return "; the file system is mounted read-only";
        case ENOSPC:
        case EDQUOT:
            return "; make room there";
        default:
            return "";
    }
}

std::unexpected<Error> cannot_write(const std::string& path, std::string_view step, int error) {
    return fail(WatchErrc::cannot_write, fmt::format("{} {}: {}{}", step, path, std::strerror(error), advice(error)));
}

bool write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Owner and mode of the file that is replaced; a file with passwords that is new is nobody else's.
void keep_access(const std::string& path, int descriptor) noexcept {
    struct stat old{};
    if (::stat(path.c_str(), &old) != 0) return;
    // Only root can give files away; the mode is kept in any case.
    if (::fchown(descriptor, old.st_uid, old.st_gid) != 0) static_cast<void>(errno);
    ::fchmod(descriptor, old.st_mode & 07777U);
}

Result<> sync_directory(const std::string& path) {
    const std::string directory = std::filesystem::path(path).parent_path().string();
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open() || ::fsync(opened.number()) != 0) return cannot_write(directory, "cannot sync the directory", errno);
    return {};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return fail(WatchErrc::cannot_read, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    std::string text;
    std::string piece(std::size_t{64} * 1024, '\0');
    for (;;) {
        const ssize_t got = ::read(file.number(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(WatchErrc::cannot_read, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
        if (got == 0) return text;
        text.append(piece, 0, static_cast<std::size_t>(got));
        if (text.size() > max_bytes)
            return fail(WatchErrc::cannot_read, fmt::format("{} has more than {} bytes", path, max_bytes));
    }
}

Result<> replace_text_file(const std::string& path, std::string_view text) {
    std::string temporary = path + ".XXXXXX";
    Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file.is_open()) return cannot_write(path, "cannot make a new file beside", errno);
    const auto give_up = [&](std::string_view step) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return cannot_write(path, step, error);
    };
    keep_access(path, file.number());
    if (!write_all(file.number(), text)) return give_up("cannot write the new file beside");
    if (::fsync(file.number()) != 0) return give_up("cannot sync the new file beside");
    if (!file.close()) return give_up("cannot close the new file beside");
    if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("cannot replace");
    return sync_directory(path);
}

}  // namespace holdfast::watch
