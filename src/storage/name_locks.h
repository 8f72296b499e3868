#pragma once
// The names that a process holds, as locks on files beside the store: the kernel lets go of them when the process ends in
// whatever way. A name whose lock is free has no living holder on this machine, whatever its lease says.
//
// Threads: one at a time.

#include <map>
#include <string>
#include <string_view>

namespace holdfast::storage {

class NameLocks {
public:
    /// Locks are in files `<path>.<name>.lock`.
    explicit NameLocks(std::string path) : path_(std::move(path)) {}
    ~NameLocks();
    NameLocks(const NameLocks&) = delete;
    NameLocks& operator=(const NameLocks&) = delete;

    /// True when the lock was free and is held now. False when another holds it, or there are no locks here.
    [[nodiscard]] bool take(std::string_view name);
    void release(std::string_view name) noexcept;

private:
    std::string path_;
    std::map<std::string, int, std::less<>> held_;  ///< descriptors
};

}  // namespace holdfast::storage
