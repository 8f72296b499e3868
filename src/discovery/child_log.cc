#include "discovery/child_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace holdfast::discovery {

ChildLog::~ChildLog() {
    close();
}

void ChildLog::open() {
    constexpr mode_t for_the_owner_to_write = 0640;
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, for_the_owner_to_write);
    struct stat status{};
    size_ = file_ >= 0 && ::fstat(file_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void ChildLog::close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
}

void ChildLog::rotate() {
    close();
    for (unsigned i = old_files; i > 1; --i) {
        static_cast<void>(std::rename(fmt::format("{}.{}", path_, i - 1).c_str(), fmt::format("{}.{}", path_, i).c_str()));
    }
    static_cast<void>(std::rename(path_.c_str(), fmt::format("{}.1", path_).c_str()));
    open();
}

void ChildLog::write(ByteView bytes) {
    if (file_ < 0) open();
    if (size_ > 0 && size_ + bytes.size() > max_size_) rotate();
    while (file_ >= 0 && !bytes.empty()) {
        const ssize_t written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        size_ += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

}  // namespace holdfast::discovery
