#include "storage/name_locks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace holdfast::storage {

NameLocks::~NameLocks() {
    for (const auto& [name, descriptor] : held_)
        ::close(descriptor);
}

bool NameLocks::take(std::string_view name) {
    if (held_.contains(name)) return false;
    const int descriptor = ::open(fmt::format("{}.{}.lock", path_, name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor);
        return false;
    }
    held_.emplace(name, descriptor);
    return true;
}

void NameLocks::release(std::string_view name) noexcept {
    const auto held = held_.find(name);
    if (held == held_.end()) return;
    ::close(held->second);
    held_.erase(held);
}

}  // namespace holdfast::storage
