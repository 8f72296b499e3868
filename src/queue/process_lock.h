#pragma once
// A file that a process holds locked as long as it lives, so that others can see that it is gone.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace holdfast::queue {

class ProcessLock {
public:
    /// Of the process with that number among those that share `path`.
    [[nodiscard]] static Result<ProcessLock> take(const std::string& path, std::int64_t process);
    ProcessLock(ProcessLock&& other) noexcept;
    ProcessLock& operator=(ProcessLock&& other) noexcept;
    /// Removes the file.
    ~ProcessLock();

private:
    ProcessLock(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}
    void give_up() noexcept;
    std::string name_;
    int descriptor_ = -1;
};

/// True when it is certainly gone; its file is removed then.
[[nodiscard]] bool process_is_gone(const std::string& path, std::int64_t process);

}  // namespace holdfast::queue
