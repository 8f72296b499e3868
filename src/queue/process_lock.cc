#include "queue/process_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "queue/queue.h"

namespace holdfast::queue {
namespace {

std::string name_of(const std::string& path, std::int64_t process) {
    return fmt::format("{}.process-{}", path, process);
}

}  // namespace

Result<ProcessLock> ProcessLock::take(const std::string& path, std::int64_t process) {
    std::string name = name_of(path, process);
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (descriptor < 0) return fail(QueueErrc::unavailable, fmt::format("cannot make {}: {}", name, std::strerror(errno)));
    ProcessLock lock(std::move(name), descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return fail(QueueErrc::unavailable, fmt::format("cannot lock {}: {}", lock.name_, std::strerror(errno)));
    return lock;
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept
    : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

ProcessLock& ProcessLock::operator=(ProcessLock&& other) noexcept {
    if (this == &other) return *this;
    give_up();
    name_ = std::move(other.name_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
}

ProcessLock::~ProcessLock() {
    give_up();
}

void ProcessLock::give_up() noexcept {
    if (descriptor_ < 0) return;
    ::unlink(name_.c_str());
    ::close(std::exchange(descriptor_, -1));
}

bool process_is_gone(const std::string& path, std::int64_t process) {
    const std::string name = name_of(path, process);
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
    // Without its file it has ended, or was given up by another; with any other error nothing is certain.
    if (descriptor < 0) return errno == ENOENT;
    const bool gone = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (gone) ::unlink(name.c_str());
    ::close(descriptor);
    return gone;
}

}  // namespace holdfast::queue
